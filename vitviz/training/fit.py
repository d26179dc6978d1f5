"""From settings and pictures to finished runs: set up, compile, train, evaluate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from vitviz.analysis.operations import total_macs, total_params
from vitviz.config import ModelConfig, TrainConfig
from vitviz.data import Dataset, Split, hold_out
from vitviz.runs import RunRecord, new_id
from vitviz.training.machine import describe_machine
from vitviz.training.metrics import scores
from vitviz.training.race import race
from vitviz.training.trainer import Trainer


@dataclass(frozen=True)
class Trained:
    """A finished run, not saved yet, with its weights by name."""

    record: RunRecord
    weights: dict[str, np.ndarray]


def train(
    models: list[ModelConfig],
    config: TrainConfig,
    dataset: Dataset,
    *,
    preset: str | None,
    name: Callable[[str], str] = lambda wanted: wanted,
    on_progress: Callable[[str, list[Trainer]], None] = lambda stage, trainers: None,
) -> list[Trained]:
    """Trains one model, or a ViT and a fast ViT side by side, and evaluates each on all three splits.

    Args:
        models: one or two shapes; with two, the second one's time is compared with the first one's.
        name: turns the id that a run should have into one that is free in the store.
        on_progress: called with the stage (`"compile"`, `"train"`, `"evaluate"`) and the trainers, often.

    Raises:
        ValueError: the pictures do not have the shape or the classes that the models read.
    """
    for model in models:
        _check_fit(model, dataset)
    kept, held_out = hold_out(dataset.train, config.validation_fraction)
    created = now()
    trainers = [
        Trainer(model, config, (kept.images, kept.labels), (held_out.images, held_out.labels)) for model in models
    ]
    for trainer in trainers:
        on_progress("compile", trainers)
        trainer.compile()
    paired = race(trainers, lambda: on_progress("train", trainers)).summary()

    ids = [name(new_id(model, preset, created)) for model in models]
    results = []
    for place, trainer in enumerate(trainers):
        on_progress("evaluate", trainers)
        metrics = evaluate(trainer, kept, held_out, dataset.test)
        other = ids[1 - place] if len(ids) == 2 else None
        record = record_of(
            trainer, dataset, id=ids[place], preset=preset, metrics=metrics, pair=other, paired=paired, created=created
        )
        results.append(Trained(record, trainer.weights()))
    return results


def evaluate(trainer: Trainer, train: Split, validation: Split, test: Split) -> dict[str, dict[str, float]]:
    """The scores on each split that has pictures."""
    parts = {"train": train, "validation": validation, "test": test}
    return {name: scores(trainer.predict(part.images), part.labels) for name, part in parts.items() if len(part)}


def record_of(
    trainer: Trainer,
    dataset: Dataset,
    *,
    id: str,
    preset: str | None,
    metrics: dict[str, dict[str, float]],
    pair: str | None,
    paired: dict[str, float] | None,
    created: datetime | None = None,
) -> RunRecord:
    """The record of a finished training; `paired` is the summary of its timing against the run `pair`."""
    model = trainer.model.config
    timing = timing_of(trainer) | {"machine": describe_machine(), "pair": paired | {"other": pair} if paired else None}
    return RunRecord(
        id=id,
        model=model,
        train=trainer.config,
        preset=preset,
        class_names=dataset.class_names,
        data_source=dataset.source,
        pair=pair,
        created=created or now(),
        history=trainer.history,
        timing=timing,
        metrics=metrics,
        operations={"params": total_params(model), "macs": total_macs(model)},
        status={"state": "finished", "epochs_done": trainer.epochs_done, "reason": None},
    )


def now() -> datetime:
    """The time of day with its zone, to the second."""
    return datetime.now().astimezone().replace(microsecond=0)


def timing_of(trainer: Trainer) -> dict:
    """Where the time of a training went, in seconds; the duration of a step in milliseconds."""
    low, middle, high = np.percentile(trainer.step_seconds, (25, 50, 75)) * 1000
    return {
        "setup_seconds": trainer.setup_seconds,
        "compile_seconds": trainer.compile_seconds,
        "train_seconds": trainer.clock,
        "input_seconds": trainer.input_seconds,
        "validation_seconds": trainer.validation_seconds,
        "epoch_seconds": trainer.epoch_seconds,
        "step_ms": {"median": float(middle), "q1": float(low), "q3": float(high)},
        "batch_size": trainer.config.batch_size,
        "steps_per_epoch": trainer.steps_per_epoch,
    }


def _check_fit(model: ModelConfig, dataset: Dataset) -> None:
    wanted = (model.image_size, model.image_size, model.channels)
    if dataset.image_shape != wanted or dataset.classes != model.classes:
        raise ValueError(
            f"The model reads pictures of shape {wanted} in {model.classes} classes; {dataset.name} has "
            f"{dataset.image_shape} in {dataset.classes}. Change the model's settings or load the set to fit."
        )
