"""The run that a command was asked about, its pictures, and its model."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from vitviz.commands.quiet import quiet_import
from vitviz.data import Dataset, Split, hold_out, load
from vitviz.runs import RunRecord, Runs, RunStore
from vitviz.zoo import open_zoo

if TYPE_CHECKING:
    from vitviz.models import VisionTransformer


def chosen_run(options: argparse.Namespace) -> RunRecord:
    """The run named by `RUN`, of the user's or of the shipped ones: an id, or as much of its beginning as is unique."""
    return Runs(RunStore(options.runs_dir), open_zoo()).load(options.run_id)


def pictures(record: RunRecord, options: argparse.Namespace) -> Dataset:
    """The set that the run was trained on, cut to its classes, its limit and its size of picture."""
    return load(
        record.train.dataset, folder=options.data_dir, classes=record.model.classes, limit=record.train.limit,
        image_size=record.model.image_size, channels=record.model.channels, seed=record.train.seed,
    )  # fmt: skip


def split(record: RunRecord, dataset: Dataset, name: str) -> Split:
    """One of the three splits, as the training saw it: the validation split is the end of the training pictures."""
    if name == "test":
        return dataset.test
    kept, held_out = hold_out(dataset.train, record.train.validation_fraction)
    return kept if name == "train" else held_out


def model_of(record: RunRecord) -> VisionTransformer:
    """The run's model; imports TensorFlow."""
    quiet_import("tensorflow")
    from vitviz.trained import load_model

    return load_model(record)
