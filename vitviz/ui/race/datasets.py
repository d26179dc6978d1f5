"""What is known of a set of pictures before it is read: whether it is at hand, its shape, its classes. No Streamlit."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vitviz.data import DataError, load
from vitviz.data.find import DEBIAN_FASHION_MNIST
from vitviz.data.folder import DEFAULT_IMAGE_SIZE
from vitviz.data.keras_cache import cache_folder, cached_cifar
from vitviz.data.mnist_files import IDX_FILES, NPZ_FILE
from vitviz.data.pictures import SUFFIXES
from vitviz.data.place import place_of
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
BUDGET = 20_000  # files and folders that are looked at in search of pictures
MOMENT = 5.0  # seconds for which an answer about a folder counts


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
    try:
        place = place_of(folder)
        if not place.is_dir():
            problem = f"The picture folder {place} does not exist or is not a folder: name one that does."
            return About(title, None, None, None, problem)
        top = place / "train" if (place / "train").is_dir() and (place / "test").is_dir() else place
        found = _subfolders(top)
    except OSError as error:
        return About(title, None, None, None, f"The folder {folder} cannot be read: {error.strerror}.")
    except DataError as error:
        return About(title, None, None, None, str(error))
    if len(found) < 2:
        problem = f"{top} must hold at least two sub-folders, one for each class with its pictures inside; it holds "
        return About(title, None, None, None, f"{problem}{len(found)}.")
    # grey or in colour is not known before all of them are read
    problem = _lacking(top, found, int(time.monotonic() / MOMENT))
    return About(title, (DEFAULT_IMAGE_SIZE, DEFAULT_IMAGE_SIZE, 3), len(found), None, problem)


def _subfolders(top: Path) -> tuple[tuple[str, int], ...]:
    """The path of each sub-folder and when it was changed. Raises `OSError`, `DataError`."""
    with os.scandir(top) as entries:
        some = list(itertools.islice(entries, BUDGET + 1))
    if len(some) > BUDGET:
        raise DataError(_too_much(top))
    kept = [entry for entry in some if entry.is_dir() and not entry.name.startswith(".")]
    return tuple(sorted((entry.path, entry.stat().st_mtime_ns) for entry in kept))


@lru_cache(maxsize=32)
def _lacking(top: Path, folders: tuple[tuple[str, int], ...], moment: int) -> str | None:
    """Why these folders cannot be classes; None where each holds, at any depth, a file that is called a picture."""
    left, empty = BUDGET, []
    for folder, _ in folders:
        for name in _names(folder):
            left -= 1
            if left < 0:
                return _too_much(top)
            if os.path.splitext(name)[1].lower() in SUFFIXES:
                break
        else:
            empty.append(Path(folder).name)
    return f"{top}: no pictures in {', '.join(empty[:3])}. Put some in, or remove the folder." if empty else None


def _names(folder: str) -> Iterator[str]:
    """The names of all files and folders in a folder, at any depth, but those that are hidden."""
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        yield ""  # looked at, and no picture
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    yield entry.name
        except OSError:  # nobody may look into it
            continue


def _too_much(top: Path) -> str:
    return (
        f"{top} holds more than this page looks through ({BUDGET:,} files and folders): name the folder that holds "
        "one sub-folder of pictures for each class."
    )


def _stamp(folder: str) -> object:
    try:
        return os.stat(place_of(folder)).st_mtime_ns
    except (OSError, DataError):
        return None
