"""The pictures that a visitor can look at: a gallery that goes with the models, or one of their own. No Streamlit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from vitviz import live
from vitviz.data import DataError, Split, Upload, load
from vitviz.data.keras_cache import cache_folder
from vitviz.runs import RunRecord

SAMPLE = "fashion_mnist_mini"
FASHION = ("fashion_mnist", SAMPLE)
MOST = 1000  # pictures in a gallery
FILES = 300  # of those that are files of their own, each of which takes milliseconds to read
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

    Fashion-MNIST comes from the bundled sample, so that it is there without a network; other sets, and a folder of
    one's own, from where they were found for training. Nothing is downloaded. Where they are not at hand, the sample
    stands in, and `note` says so.
    """
    model, dataset = record.model, record.train.dataset
    folder = None if dataset in FASHION else _folder_of(record)
    stamp = _stamp(folder or cache_folder())
    return _gallery(
        dataset, folder, stamp, record.train.seed, model.classes, model.image_size, model.channels, record.class_names
    )


@lru_cache(maxsize=8)
def _gallery(
    dataset: str, folder: str | None, stamp: int | None, seed: int, classes: int, image_size: int, channels: int,
    class_names: tuple[str, ...],
) -> Gallery:  # fmt: skip
    form = {"image_size": image_size, "channels": channels}
    if dataset in FASHION:
        found, note = load(SAMPLE, classes=classes, **form), None
    else:
        found, note = _elsewhere(dataset, folder, seed, class_names, form)
    test = found.test.take(slice(0, MOST))
    names = tuple(f"{found.class_names[label]} {index}" for label, index in zip(test.labels, test.index, strict=True))
    return Gallery(names, test, class_names if note is None else found.class_names, found.source, note)


def _elsewhere(dataset: str, folder: str | None, seed: int, class_names: tuple[str, ...], form: dict) -> tuple:
    some = FILES if dataset == "folder" else None
    try:
        found = load(
            dataset, folder=folder, classes=len(class_names), limit=some, seed=seed, download=False, **form
        )  # fmt: skip
        if found.class_names != class_names:
            raise DataError(f"The classes of {found.source} have changed since the training.")
        return found, None
    except DataError:
        sentence = "These are Fashion-MNIST pictures: the ones that the models were trained on are not at hand here."
        return load(SAMPLE, **form), sentence


def _folder_of(record: RunRecord) -> str | None:
    """Where the pictures of a run's training lie, if somebody named a folder."""
    job = live.read_job(record.path.parent, record.id)
    return None if job is None else job.data_dir


def _stamp(folder: Path | str) -> int | None:
    """Changes where a folder comes, goes, or holds something else."""
    try:
        return os.stat(folder).st_mtime_ns
    except (OSError, ValueError):
        return None


def sprite(images: Sequence[np.ndarray]) -> np.ndarray:
    """Pictures in a row, `(H, N·W, 3)` uint8: one download for a whole page of a gallery."""
    row = np.concatenate(list(images), axis=1)
    return np.repeat(row, 3, axis=2) if row.shape[2] == 1 else row
