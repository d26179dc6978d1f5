"""The bundled sample of real Fashion-MNIST: what a fresh clone without any network shows and trains on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .dataset import Split
from .errors import DataError
from .npz import read_npz
from .published import FASHION_MNIST

NAME = "fashion_mnist_mini"
TRAIN_PER_CLASS = 500
TEST_PER_CLASS = 100
FILE = f"{NAME}.npz"
FOLDER = Path(__file__).resolve().parents[2] / "assets" / NAME


def load_sample(folder: Path | None = None) -> tuple[Split, Split, str]:
    """Training split (5,000), test split (1,000) and, in words, where they are from.

    Each split comes in rounds of one picture per class; `Split.index` is the position in the full set.

    Args:
        folder: where `fashion_mnist_mini.npz` lies, by default with the project.

    Raises:
        DataError: the file is missing or damaged.
    """
    path = (folder or FOLDER) / FILE
    if not path.is_file():
        raise DataError(
            f"The bundled sample {path} is missing: restore it from the project, "
            "or make it from the full set with python -m vitviz.data.make_sample."
        )
    classes = len(FASHION_MNIST.class_names)
    side = FASHION_MNIST.image_shape[:2]
    counts = {"train": classes * TRAIN_PER_CLASS, "test": classes * TEST_PER_CLASS}
    shapes = {}
    for part, count in counts.items():
        shapes |= {f"{part}_images": (count, *side), f"{part}_labels": (count,), f"{part}_index": (count,)}
    arrays = read_npz(path, shapes)
    splits = []
    for part, per_class in (("train", TRAIN_PER_CLASS), ("test", TEST_PER_CLASS)):
        labels = arrays[f"{part}_labels"]
        if not np.array_equal(np.unique_counts(labels), (np.arange(classes), np.full(classes, per_class))):
            raise DataError(
                f"{path}: the {part} labels must be {per_class} of each class 0 to {classes - 1}."
            )
        splits.append(Split(arrays[f"{part}_images"][..., np.newaxis], labels, arrays[f"{part}_index"]))
    return *splits, "the bundled sample of Fashion-MNIST"
