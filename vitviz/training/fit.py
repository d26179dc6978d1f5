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
from vitviz.runs.record import now
from vitviz.training.keeper import Keeper
from vitviz.training.machine import describe_machine
from vitviz.training.metrics import scores
from vitviz.training.race import PairedTiming, race
from vitviz.training.report import step_ms
from vitviz.training.trainer import Trainer

STOPPED = "It was stopped after epoch {done} of {epochs}."


class StopTraining(Exception):
    """The keeper wants no more epochs."""


@dataclass(frozen=True)
class Trained:
    """A run, not saved yet, with its weights by name."""

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
    keeper: Keeper | None = None,
    created: datetime | None = None,
) -> list[Trained]:
    """Trains one model, or a ViT and a fast ViT side by side, and evaluates each on all three splits.

    Args:
        models: one or two shapes; with two, the second one's time is compared with the first one's.
        name: turns the id that a run should have into one that is free in the store.
        on_progress: called with the stage (`"compile"`, `"train"`, `"evaluate"`) and the trainers, often.
        keeper: what is kept on the way; it may go on with an earlier training, and may have this one stop.
        created: when the training was begun, if not now.

    Returns:
        A run for each model that has a complete epoch: `finished`, or as it was after its last complete epoch and
        `stopped` where the keeper wanted that.

    Raises:
        ValueError: the pictures do not have the shape or the classes that the models read.
    """
    for model in models:
        _check_fit(model, dataset)
    keeper, created = keeper or Keeper(), created or now()
    kept, held_out = hold_out(dataset.train, config.validation_fraction)
    trainers = [
        Trainer(model, config, (kept.images, kept.labels), (held_out.images, held_out.labels)) for model in models
    ]

    def tell(stage: str, timing: PairedTiming) -> None:
        on_progress(stage, trainers)
        keeper.on_progress(stage, trainers, timing)

    for trainer in trainers:
        tell("compile", PairedTiming())
        trainer.compile()
    timing = keeper.resume(trainers, dataset)
    _train_all(trainers, timing, keeper, lambda: tell("train", timing))

    ids = {trainer: name(new_id(trainer.model.config, preset, created)) for trainer in trainers if trainer.epochs_done}
    results = []
    for trainer, id in ids.items():
        tell("evaluate", timing)
        metrics = evaluate(trainer, kept, held_out, dataset.test)
        other = next((other for other in ids.values() if other != id), None)
        record = record_of(
            trainer, dataset, id=id, preset=preset, metrics=metrics, pair=other,
            paired=timing.summary() if other else None, created=created,
        )  # fmt: skip
        results.append(Trained(record, trainer.weights()))
    return results


def _train_all(trainers: list[Trainer], timing: PairedTiming, keeper: Keeper, tell: Callable[[], None]) -> None:
    """Trains to the end, or until the keeper wants to stop: then back to the last complete epoch of each."""
    complete = {trainer: trainer.state() for trainer in trainers}

    def on_epoch(trainer: Trainer) -> None:
        complete[trainer] = trainer.state()
        keeper.on_epoch(trainer, timing)

    def on_slice() -> None:
        tell()
        if keeper.stopping() and not all(trainer.done for trainer in trainers):
            raise StopTraining

    try:
        on_slice()
        race(trainers, on_slice, on_epoch, timing)
    except StopTraining:
        for trainer, state in complete.items():
            trainer.restore(*state)


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
    """The record of a training after a complete epoch; `paired` is the summary of its timing against the run `pair`."""
    model, done, epochs = trainer.model.config, trainer.epochs_done, trainer.config.epochs
    status = {"state": "finished", "epochs_done": done, "reason": None}
    if not trainer.done:
        status |= {"state": "stopped", "reason": STOPPED.format(done=done, epochs=epochs)}
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
        status=status,
    )


def timing_of(trainer: Trainer) -> dict:
    """Where the time of a training went, in seconds; the duration of a step in milliseconds."""
    return {
        "setup_seconds": trainer.setup_seconds,
        "compile_seconds": trainer.compile_seconds,
        "train_seconds": trainer.clock,
        "input_seconds": trainer.input_seconds,
        "validation_seconds": trainer.validation_seconds,
        "epoch_seconds": trainer.epoch_seconds,
        "step_ms": step_ms(trainer.step_seconds),
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
