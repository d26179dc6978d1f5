"""What is known of a set of pictures before it is read: whether it is at hand, its shape, its classes. No Streamlit."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vitviz.data import DataError, load
from vitviz.data.find import DEBIAN_FASHION_MNIST
from vitviz.data.folder import DEFAULT_IMAGE_SIZE
from vitviz.data.keras_cache import cache_folder, cached_cifar
from vitviz.data.mnist_files import IDX_FILES, NPZ_FILE
from vitviz.data.pictures import SUFFIXES
from vitviz.data.published import PUBLISHED
from vitviz.data.sample import TRAIN_PER_CLASS
from vitviz.ui.pictures import SAMPLE

TITLES = {
    "fashion_mnist": "Fashion-MNIST",
    SAMPLE: "Fashion-MNIST, bundled sample",
    "mnist": "MNIST",
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "folder": "A folder of pictures",
}


@dataclass(frozen=True)
class About:
    """A set of pictures. What is None is known only when they are read."""

    title: str
    image_shape: tuple[int, int, int] | None
    classes: int | None
    per_class: int | None  # training pictures
    problem: str | None = None  # why it cannot be used, and the way out


def at_hand() -> str:
    """The full Fashion-MNIST where it is on this machine, and else the bundled sample."""
    return "fashion_mnist" if _is_here("fashion_mnist") else SAMPLE


def about(name: str, folder: str | None) -> About:
    """What is known of the set `name`; `folder` is where it lies, if the visitor named one.

    The page downloads nothing: a set that is not on this machine is a problem.
    """
    if name == "folder":
        return _about_folder(folder)
    if name == SAMPLE:
        shape, names = PUBLISHED["fashion_mnist"].image_shape, PUBLISHED["fashion_mnist"].class_names
        return About(TITLES[name], shape, len(names), TRAIN_PER_CLASS)
    published = PUBLISHED[name]
    problem = _missing(name) if folder is None else _cannot_be_read(name, folder, _stamp(folder))
    classes = len(published.class_names)
    return About(published.title, published.image_shape, classes, published.n_train // classes, problem)


def _missing(name: str) -> str | None:
    if _is_here(name):
        return None
    return (
        f"{PUBLISHED[name].title} is not on this computer, and this page downloads nothing. Name the folder that holds "
        f"it, or let a terminal fetch it once: python -m vitviz train --dataset {name}"
    )


def _is_here(name: str) -> bool:
    cache = cache_folder()
    if name == "fashion_mnist":
        return DEBIAN_FASHION_MNIST.is_dir() or all((cache / "fashion-mnist" / f"{file}.gz").is_file()
                                                    for file in IDX_FILES)  # fmt: skip
    return (cache / NPZ_FILE).is_file() if name == "mnist" else cached_cifar(PUBLISHED[name])


@lru_cache(maxsize=8)
def _cannot_be_read(name: str, folder: str, stamp: object) -> str | None:
    """Reads it, which takes half a second: once for each state of the folder."""
    try:
        load(name, folder=folder, limit=10)
    except DataError as error:
        return str(error)
    return None


def _about_folder(folder: str | None) -> About:
    title = TITLES["folder"]
    if not folder:
        return About(title, None, None, None, "Name the folder: it holds one sub-folder of pictures for each class.")
    place = Path(folder).expanduser()
    try:
        if not place.is_dir():
            problem = f"The picture folder {place} does not exist or is not a folder: name one that does."
            return About(title, None, None, None, problem)
        top = place / "train" if (place / "train").is_dir() and (place / "test").is_dir() else place
        found = sorted(each for each in top.iterdir() if each.is_dir() and not each.name.startswith("."))
        empty = [each.name for each in found if not any(path.suffix.lower() in SUFFIXES for path in each.rglob("*"))]
    except OSError as error:
        return About(title, None, None, None, f"The folder {place} cannot be read: {error.strerror}.")
    if len(found) < 2:
        problem = f"{top} must hold at least two sub-folders, one for each class with its pictures inside; it holds "
        return About(title, None, None, None, f"{problem}{len(found)}.")
    # grey or in colour is not known before all of them are read
    problem = f"{top}: no pictures in {', '.join(empty[:3])}. Put some in, or remove the folder." if empty else None
    return About(title, (DEFAULT_IMAGE_SIZE, DEFAULT_IMAGE_SIZE, 3), len(found), None, problem)


def _stamp(folder: str) -> object:
    try:
        return os.stat(Path(folder).expanduser()).st_mtime_ns
    except OSError:
        return None
