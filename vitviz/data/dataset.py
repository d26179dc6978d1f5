"""What every loader returns: pictures and labels, in a training and a test split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .errors import DataError


@dataclass(frozen=True, eq=False)
class Split:
    """Pictures with their labels, as read-only arrays.

    Args:
        images: `(N, H, W, C)` uint8, C = 1 (grey) or 3 (RGB), values 0–255.
        labels: `(N,)` whole numbers, kept as int64; label k is `Dataset.class_names[k]`.
        index: `(N,)` int64, the position of each picture in the set as it was published (for a folder: in
            its sorted listing). It survives every selection, so it names a picture for good.
            Left out: 0 … N−1.

    Raises:
        DataError: the arrays do not fit together.
    """

    images: np.ndarray
    labels: np.ndarray
    index: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.ndim != 4 or self.images.shape[3] not in (1, 3):
            raise DataError(
                "Pictures must be uint8 of shape (N, H, W, 1 or 3), "
                f"not {self.images.dtype} {self.images.shape}."
            )
        index = np.arange(len(self.images)) if self.index is None else self.index
        if self.labels.shape != (len(self.images),) or index.shape != self.labels.shape:
            raise DataError(
                f"There must be one label and one index per picture; there are {len(self.images)} pictures, "
                f"labels of shape {self.labels.shape} and indices of shape {index.shape}."
            )
        object.__setattr__(self, "images", _read_only(self.images))
        object.__setattr__(self, "labels", _read_only(self.labels.astype(np.int64, copy=False)))
        object.__setattr__(self, "index", _read_only(index.astype(np.int64, copy=False)))

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, chosen: np.ndarray | slice) -> Split:
        """The pictures at the positions `chosen`, in that order."""
        return Split(self.images[chosen], self.labels[chosen], self.index[chosen])


@dataclass(frozen=True, eq=False)
class Dataset:
    """A named set of pictures. `source` says in words for a person where these pictures came from."""

    name: str
    train: Split
    test: Split
    class_names: tuple[str, ...]
    source: str

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(H, W, C)` of every picture."""
        return self.train.images.shape[1:]

    @property
    def classes(self) -> int:
        """The number of classes."""
        return len(self.class_names)


def _read_only(array: np.ndarray) -> np.ndarray:
    # A loaded set is shared by every viewer of a page: nobody may change it under the others. A view
    # leaves the caller's own array as it was.
    view = array.view()
    view.flags.writeable = False
    return view
