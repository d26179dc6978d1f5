"""The pictures that a visitor can look at: a gallery that goes with the models, or one of their own. No Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vitviz.data import DataError, Split, Upload, load
from vitviz.runs import RunRecord

SAMPLE = "fashion_mnist_mini"
FASHION = ("fashion_mnist", SAMPLE)
MOST = 1000  # pictures in a gallery
OWN = "Your picture"


@dataclass(frozen=True, eq=False)
class Picture:
    """What the models look at. `label` is None where nobody knows the true class."""

    name: str
    image: np.ndarray  # (H, W, C) uint8
    label: int | None
    upload: Upload | None = None


@dataclass(frozen=True, eq=False)
class Gallery:
    """Test pictures, each with a name that stays the same for good, fit for a link."""

    names: tuple[str, ...]
    split: Split
    class_names: tuple[str, ...]
    source: str
    note: str | None = None  # what a visitor should know about these pictures

    def picture(self, name: str) -> Picture:
        """The picture of that name, or the first one."""
        place = self.names.index(name) if name in self.names else 0
        label = int(self.split.labels[place])
        # a picture from elsewhere has no class that the models know
        return Picture(self.names[place], self.split.images[place], label if self.note is None else None)

    def of_class(self, label: int) -> list[int]:
        """Where the pictures of a class are."""
        return [int(place) for place in np.flatnonzero(self.split.labels == label)]


def gallery_for(record: RunRecord) -> Gallery:
    """Test pictures in the form that the run's model reads.

    Fashion-MNIST comes from the bundled sample, so that it is there without a network; other published sets from
    where they were found for training. Where they are not at hand, the sample stands in, and `note` says so.
    """
    model = record.model
    return _gallery(record.train.dataset, model.classes, model.image_size, model.channels, record.class_names)


@lru_cache(maxsize=8)
def _gallery(dataset: str, classes: int, image_size: int, channels: int, class_names: tuple[str, ...]) -> Gallery:
    form = {"image_size": image_size, "channels": channels}
    if dataset in FASHION:
        found, note = load(SAMPLE, classes=classes, **form), None
    else:
        found, note = _elsewhere(dataset, classes, form)
    test = found.test.take(slice(0, MOST))
    names = tuple(f"{found.class_names[label]} {index}" for label, index in zip(test.labels, test.index, strict=True))
    return Gallery(names, test, class_names if note is None else found.class_names, found.source, note)


def _elsewhere(dataset: str, classes: int, form: dict) -> tuple:
    try:
        if dataset == "folder":
            raise DataError("the folder is not recorded with the run")
        return load(dataset, classes=classes, **form), None
    except DataError:
        sentence = "These are Fashion-MNIST pictures: the ones that the models were trained on are not at hand here."
        return load(SAMPLE, **form), sentence


def sprite(images: Sequence[np.ndarray]) -> np.ndarray:
    """Pictures in a row, `(H, N·W, 3)` uint8: one download for a whole page of a gallery."""
    row = np.concatenate(list(images), axis=1)
    return np.repeat(row, 3, axis=2) if row.shape[2] == 1 else row
