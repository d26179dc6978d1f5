"""MNIST and Fashion-MNIST from a folder: the four IDX files, or MNIST's single archive."""

from __future__ import annotations

from pathlib import Path

from .dataset import Split
from .errors import DataError
from .idx import read_idx
from .npz import read_npz
from .published import PublishedSet

IDX_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
NPZ_FILE = "mnist.npz"


def read_idx_files(published: PublishedSet, folder: Path) -> tuple[Split, Split] | None:
    """Training and test split from the four IDX files in `folder`, each plain or with `.gz`.

    Returns:
        `(train, test)`, or None where none of the four is there.

    Raises:
        DataError: only some of the four are there, or one is damaged or of another set.
    """
    paths = [_present(folder, name) for name in IDX_FILES]
    missing = [name for name, path in zip(IDX_FILES, paths, strict=True) if path is None]
    if len(missing) == len(IDX_FILES):
        return None
    if missing:
        raise DataError(
            f"{folder} holds only some of {published.title}'s four files: "
            f"{', '.join(missing)} (plain or .gz) must be there too."
        )
    side = published.image_shape[:2]
    train_images = read_idx(paths[0], (published.n_train, *side))
    train_labels = read_idx(paths[1], (published.n_train,))
    test_images = read_idx(paths[2], (published.n_test, *side))
    test_labels = read_idx(paths[3], (published.n_test,))
    return (
        published.split(train_images, train_labels, train=True, where=str(paths[1])),
        published.split(test_images, test_labels, train=False, where=str(paths[3])),
    )


def read_mnist_npz(published: PublishedSet, folder: Path) -> tuple[Split, Split] | None:
    """Training and test split from Keras' `mnist.npz` in `folder`, or None where it is not there."""
    path = folder / NPZ_FILE
    if not path.is_file():
        return None
    side = published.image_shape[:2]
    arrays = read_npz(
        path,
        {
            "x_train": (published.n_train, *side),
            "y_train": (published.n_train,),
            "x_test": (published.n_test, *side),
            "y_test": (published.n_test,),
        },
    )
    return (
        published.split(arrays["x_train"], arrays["y_train"], train=True, where=str(path)),
        published.split(arrays["x_test"], arrays["y_test"], train=False, where=str(path)),
    )


def _present(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / f"{name}.gz", folder / name) if path.is_file()), None)
