"""The fixed set of pictures that a training is watched with. No Streamlit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vitviz.data import DataError, Dataset, load
from vitviz.ui.pictures import SAMPLE
from vitviz.ui.time_machine.films import Training

NOT_AT_HAND = "The pictures of this training are not at hand here: these are Fashion-MNIST pictures."


@dataclass(frozen=True, eq=False)
class FixedPictures:
    """`images` is `(N, H, W, C)` uint8; `labels` has None where the true class is none that the models know.

    `class_names` is empty, and `note` says why, where the pictures are not those of the training.
    """

    images: np.ndarray
    labels: tuple[int | None, ...]
    names: tuple[str, ...]
    class_names: tuple[str, ...]
    note: str | None = None

    def __len__(self) -> int:
        return len(self.images)


def key_of(training: Training) -> tuple:
    """What the pictures depend on; fit for a cache."""
    config, train = training.config, training.train
    noted = next((noted for film in training.films if (noted := film.snapshots.pictures())), {})
    try:
        pairs = zip(noted["positions"], noted["labels"], strict=True)
        wanted = tuple((int(place), int(label)) for place, label in pairs)
    except (KeyError, TypeError, ValueError):  # no note, or a damaged one: the first of each class, as the note says
        wanted = ()
    split = "train" if noted.get("split") == "train" else "test"
    return (
        train.dataset, training.data_dir, config.classes, train.limit, config.image_size, config.channels, train.seed,
        split, wanted,
    )  # fmt: skip


@lru_cache(maxsize=16)
def load_fixed(key: tuple) -> FixedPictures:
    """The pictures of `key_of(training)`, scaled as the models read them. May take a second; nothing is downloaded."""
    dataset, folder, classes, limit, image_size, channels, seed, split, wanted = key
    form = {"image_size": image_size, "channels": channels}
    try:
        found = load(dataset, folder=folder, classes=classes, limit=limit, seed=seed, download=False, **form)
        return _choose(found, split, wanted)
    except DataError:
        chosen = _choose(load(SAMPLE, **form), "test", ())
        return FixedPictures(chosen.images, (None,) * len(chosen), chosen.names, (), NOT_AT_HAND)


def _choose(dataset: Dataset, split: str, wanted: tuple) -> FixedPictures:
    pictures = getattr(dataset, split)
    if not wanted:
        labels = [label for label in range(dataset.classes) if (pictures.labels == label).any()][:10]
        wanted = tuple((int((pictures.labels == label).argmax()), label) for label in labels)
    if any(not 0 <= place < len(pictures) or pictures.labels[place] != label for place, label in wanted):
        raise DataError("the set has changed since")
    labels = tuple(label for _, label in wanted)
    return FixedPictures(
        images=pictures.images[[place for place, _ in wanted]], labels=labels,
        names=tuple(dataset.class_names[label] for label in labels), class_names=dataset.class_names,
    )  # fmt: skip
