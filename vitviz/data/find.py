"""Where the files of a published set may lie, and the order of looking."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from . import keras_cache
from .cifar_files import FILES as CIFAR_FILES
from .cifar_files import read_cifar_binary
from .dataset import Split
from .errors import DataError
from .mnist_files import IDX_FILES, NPZ_FILE, read_idx_files, read_mnist_npz
from .published import PublishedSet

# Installed by Debian's package dataset-fashion-mnist; Debian packages none of the other sets.
DEBIAN_FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")

Reader = Callable[[PublishedSet, Path], "tuple[Split, Split] | None"]

_READERS: dict[str, tuple[Reader, ...]] = {
    "fashion_mnist": (read_idx_files,),
    "mnist": (read_mnist_npz, read_idx_files),
    "cifar10": (read_cifar_binary,),
    "cifar100": (read_cifar_binary,),
}

# A sub-folder that carries the set's name is looked into as well: Keras' cache, torchvision's
# and the unpacked archives use these.
_SUBFOLDERS = {
    "fashion_mnist": ("fashion-mnist", "FashionMNIST/raw"),
    "mnist": ("MNIST/raw",),
    "cifar10": ("cifar-10-batches-bin",),
    "cifar100": ("cifar-100-binary",),
}


def find(published: PublishedSet, folder: Path | None, *, download: bool = True) -> tuple[Split, Split, str]:
    """Training split, test split and, in words, where they were found.

    A folder that the user names is the only place looked at: training on other pictures than the named
    ones would go unseen. Without one: Debian's package, Keras' cache, and if `download` a download through Keras.

    Raises:
        DataError: the named folder lacks the set, it is nowhere, a file is damaged, or the download failed.
    """
    if folder is not None:
        return _in_named_folder(published, folder)
    if published.name == "fashion_mnist":
        found = read_idx_files(published, DEBIAN_FASHION_MNIST)
        if found:
            return *found, "Debian's package dataset-fashion-mnist"
    found = _in_keras_cache(published)
    if found:
        return *found, "Keras' cache"
    if not download and not keras_cache.cached_cifar(published):
        raise DataError(
            f"{published.title} is not on this machine. Name the folder that holds it, or let a terminal fetch it "
            f"once: python -m vitviz train --dataset {published.name}"
        )
    words = "Keras' cache" if keras_cache.cached_cifar(published) else "downloaded through Keras"
    return *keras_cache.load_through_keras(published), words


def _in_named_folder(published: PublishedSet, folder: Path) -> tuple[Split, Split, str]:
    if not folder.is_dir():
        raise DataError(f"The data folder {folder} does not exist or is not a folder: name one that does.")
    for place in (folder, *(folder / name for name in _SUBFOLDERS[published.name])):
        for read in _READERS[published.name]:
            found = read(published, place)
            if found:
                return *found, f"the folder {place}"
    raise DataError(
        f"The folder {folder} does not hold {published.title}: expected {_expected(published)}. "
        "Name the folder that does, or leave the folder out to look in the usual places."
    )


def _in_keras_cache(published: PublishedSet) -> tuple[Split, Split] | None:
    cache = keras_cache.cache_folder()
    try:
        if published.name == "mnist":
            return read_mnist_npz(published, cache)
        if published.name == "fashion_mnist":
            return _in_keras_folder(published, cache / "fashion-mnist")
    except DataError as error:
        raise DataError(f"{error} Without it, Keras downloads it afresh.") from None
    return None


def _in_keras_folder(published: PublishedSet, place: Path) -> tuple[Split, Split] | None:
    # Keras fetches one file after the other and goes on where it was stopped: some of four are no fault.
    whole = all((place / f"{name}.gz").is_file() for name in IDX_FILES)
    return read_idx_files(published, place) if whole else None


def _expected(published: PublishedSet) -> str:
    if published.name in CIFAR_FILES:
        train, test = CIFAR_FILES[published.name]
        names = ", ".join(train + test)
        return f"the binary version, {names} (pickled files are never read from a named folder)"
    idx = ", ".join(IDX_FILES) + " (plain or .gz)"
    return f"{NPZ_FILE}, or {idx}" if published.name == "mnist" else idx
