"""How far a training is, as plain values fit for JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from vitviz.training.race import PairedTiming
from vitviz.training.trainer import Trainer

RECENT = 200  # steps: what the pace now is taken from


def report(trainers: list[Trainer], timing: PairedTiming) -> dict[str, Any]:
    """`models` by kind (see `of_model`), `share` from 0 to 1, `seconds_left` of training, and `pair` or None."""
    models = {trainer.model.config.kind: of_model(trainer) for trainer in trainers}
    left = [model["seconds_left"] for model in models.values()]
    return {
        "models": models,
        "share": sum(model["steps_done"] for model in models.values()) / sum(m["steps"] for m in models.values()),
        "seconds_left": None if None in left else sum(left),
        "pair": timing.summary(),
    }


def of_model(trainer: Trainer) -> dict[str, Any]:
    """Epochs, steps, clock, pace and scores of one model.

    `clock` is the seconds of its own steps, `step_ms` the median and quartiles of the last ones, `last` the row of
    the last complete epoch, `point` the scores since then, `seconds_left` what its steps, pictures and validations
    will still take.
    """
    steps = trainer.config.epochs * trainer.steps_per_epoch
    return {
        "epochs_done": trainer.epochs_done,
        "epochs": trainer.config.epochs,
        "steps_done": trainer.steps_done,
        "steps": steps,
        "steps_per_epoch": trainer.steps_per_epoch,
        "clock": trainer.clock,
        "step_ms": step_ms(trainer.step_seconds[-RECENT:]),
        "last": trainer.history[-1] if trainer.history else None,
        "point": trainer.points[-1] if trainer.points else None,
        "seconds_left": _seconds_left(trainer, steps),
    }


def step_ms(seconds: list[float]) -> dict[str, float] | None:
    """Median and quartiles of durations, in milliseconds; None without any."""
    if not seconds:
        return None
    low, middle, high = np.percentile(seconds, (25, 50, 75)) * 1000
    return {"median": float(middle), "q1": float(low), "q3": float(high)}


def _seconds_left(trainer: Trainer, steps: int) -> float | None:
    if not trainer.step_seconds:
        return None
    pace = float(np.mean(trainer.step_seconds[-RECENT:]))
    per_epoch = (trainer.input_seconds + trainer.validation_seconds) / max(trainer.epochs_done, 1)
    return pace * (steps - trainer.steps_done) + per_epoch * (trainer.config.epochs - trainer.epochs_done)
