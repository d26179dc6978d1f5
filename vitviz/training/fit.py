"""From settings and pictures to finished runs: set up, compile, train, evaluate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

import numpy as np

from vitviz.analysis.operations import total_macs, total_params
from vitviz.config import ModelConfig, TrainConfig
from vitviz.data import Dataset, hold_out
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
    on_progress: Callable[[str, list[Trainer]], None] = lambda stage, trainers: None,
) -> list[Trained]:
    """Trains one model, or a ViT and a fast ViT side by side, and evaluates each on all three splits.

    Args:
        models: one or two shapes; with two, the second one's time is compared with the first one's.
        on_progress: called with the stage (`"compile"`, `"train"`, `"evaluate"`) and the trainers, often.

    Raises:
        ValueError: the pictures do not have the shape or the classes that the models read.
    """
    for model in models:
        _check_fit(model, dataset)
    kept, held_out = hold_out(dataset.train, config.validation_fraction)
    created = datetime.now().astimezone().replace(microsecond=0)
    trainers = [
        Trainer(model, config, (kept.images, kept.labels), (held_out.images, held_out.labels)) for model in models
    ]
    for trainer in trainers:
        on_progress("compile", trainers)
        trainer.compile()
    paired = race(trainers, lambda: on_progress("train", trainers)).summary()

    ids = [new_id(model, preset, created) for model in models]
    results = []
    for place, trainer in enumerate(trainers):
        on_progress("evaluate", trainers)
        start = perf_counter()
        parts = {"train": kept, "validation": held_out, "test": dataset.test}
        metrics = {name: scores(trainer.predict(part.images), part.labels) for name, part in parts.items() if len(part)}
        evaluation_seconds = perf_counter() - start
        other = ids[1 - place] if len(ids) == 2 else None
        record = RunRecord(
            id=ids[place],
            model=trainer.model.config,
            train=config,
            preset=preset,
            class_names=dataset.class_names,
            data_source=dataset.source,
            pair=other,
            created=created,
            history=trainer.history,
            timing=timing_of(trainer) | {
                "evaluation_seconds": evaluation_seconds,
                "machine": describe_machine(),
                "pair": paired | {"other": other} if paired else None,
            },
            metrics=metrics,
            operations={"params": total_params(trainer.model.config), "macs": total_macs(trainer.model.config)},
            status={"state": "finished", "epochs_done": trainer.epochs_done, "reason": None},
        )
        results.append(Trained(record, trainer.weights()))
    return results


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
