"""How long a training will take on this machine, by a few real steps of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from vitviz.analysis.operations import total_macs, total_params
from vitviz.config import ModelConfig, TrainConfig
from vitviz.data import Dataset, hold_out
from vitviz.training.predict import BATCH
from vitviz.training.report import step_ms
from vitviz.training.trainer import Trainer

STEPS = 5  # at least, of each model
SECONDS = 1.0  # or as many steps as fit in this, whichever is more


@dataclass(frozen=True)
class Estimate:
    """What one model's training would be. Times are in seconds on this machine, `step_ms` in milliseconds."""

    model: ModelConfig
    steps_per_epoch: int
    step_ms: dict[str, float]
    compile_seconds: float
    epoch_seconds: float
    evaluate_seconds: float
    epochs: int

    @property
    def seconds(self) -> float:
        """From the start of compiling to the end of evaluating."""
        return self.compile_seconds + self.epochs * self.epoch_seconds + self.evaluate_seconds

    def as_object(self) -> dict[str, Any]:
        """The same, fit for JSON, with what is counted and not measured."""
        return {
            "model": self.model.kind,
            "tokens": self.model.tokens,
            "params": total_params(self.model),
            "macs": total_macs(self.model),
            "steps_per_epoch": self.steps_per_epoch,
            "step_ms": self.step_ms,
            "compile_seconds": self.compile_seconds,
            "epoch_seconds": self.epoch_seconds,
            "evaluate_seconds": self.evaluate_seconds,
            "seconds": self.seconds,
        }


def estimate(
    models: list[ModelConfig],
    config: TrainConfig,
    dataset: Dataset,
    on_progress: Callable[[float, str], None] = lambda share, text: None,
) -> list[Estimate]:
    """Compiles each model, trains it for a few steps by turns with the other, and reckons from that.

    An epoch is its steps, its shuffling and augmentation (done once here, for real) and its validation; the end
    evaluates all three splits. Predictions are timed on one batch.

    Raises:
        ValueError: the pictures do not have the shape that a model reads, or the settings give a teacher a share.
    """
    kept, held_out = hold_out(dataset.train, config.validation_fraction)
    parts = (kept.images, kept.labels), (held_out.images, held_out.labels)
    trainers = []
    for number, model in enumerate(models):
        on_progress(number / (len(models) + 1), "compiling")
        trainers.append(Trainer(model, config, *parts))
        trainers[-1].compile()
    on_progress(len(models) / (len(models) + 1), "measuring")
    start = perf_counter()
    while perf_counter() - start < SECONDS * len(trainers) or min(len(t.step_seconds) for t in trainers) < STEPS:
        for trainer in trainers:
            trainer.advance(0)  # one step
    return [_reckon(trainer, len(held_out), len(kept) + len(held_out) + len(dataset.test)) for trainer in trainers]


def _reckon(trainer: Trainer, validation: int, all_splits: int) -> Estimate:
    pace = step_ms(trainer.step_seconds)
    per_batch = _predict_seconds(trainer)
    begun = trainer.epochs_done + (trainer.steps_done % trainer.steps_per_epoch > 0)
    epoch = trainer.steps_per_epoch * pace["median"] / 1000 + trainer.input_seconds / begun
    return Estimate(
        model=trainer.model.config,
        steps_per_epoch=trainer.steps_per_epoch,
        step_ms=pace,
        compile_seconds=trainer.setup_seconds + trainer.compile_seconds,
        epoch_seconds=epoch + -(-validation // BATCH) * per_batch,
        evaluate_seconds=-(-all_splits // BATCH) * per_batch,
        epochs=trainer.config.epochs,
    )


def _predict_seconds(trainer: Trainer) -> float:
    images = trainer.train[0][:1]  # a batch is filled up to its full size
    trainer.predict(images)
    start = perf_counter()
    trainer.predict(images)
    return perf_counter() - start
