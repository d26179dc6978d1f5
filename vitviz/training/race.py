"""One trainer, or two that take turns in equal slices of time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from vitviz.training.trainer import Trainer

SLICE_SECONDS = 0.25  # long against one step, short against the drift of a busy machine


@dataclass
class PairedTiming:
    """The duration of a step in neighbouring slices of two models: what noise there is hits both alike."""

    ratios: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, float] | None:
        """Median and quartiles of second ÷ first over the slices, and their number; None without any."""
        if not self.ratios:
            return None
        low, middle, high = np.percentile(self.ratios, (25, 50, 75))
        return {"ratio": float(middle), "q1": float(low), "q3": float(high), "slices": len(self.ratios)}


def race(
    trainers: list[Trainer],
    on_slice: Callable[[], None] = lambda: None,
    on_epoch: Callable[[Trainer], None] = lambda trainer: None,
    timing: PairedTiming | None = None,
) -> PairedTiming:
    """Trains one or two models to their last epoch, a slice of time at a time.

    Neither model's result depends on the other: each has its own weights, order of pictures and random numbers. With
    two, the model that needs less time for a step gets more steps from its slices, pulls ahead and is done first.

    Args:
        trainers: compiled already, so that no slice holds a compilation.
        on_slice: called after every slice, to report progress; it may raise to stop the training.
        on_epoch: called with a trainer that has just finished an epoch, before `on_slice`.
        timing: the one to go on with, where the training was interrupted; it is returned.
    """
    timing = PairedTiming() if timing is None else timing
    while not all(trainer.done for trainer in trainers):
        step_seconds: list[float] = []
        for trainer in trainers:
            if not trainer.done:
                before = trainer.epochs_done
                steps = trainer.advance(SLICE_SECONDS)
                step_seconds.append(np.median(trainer.step_seconds[-steps:]))
                if trainer.epochs_done > before:
                    on_epoch(trainer)
                on_slice()
        if len(step_seconds) == 2:
            timing.ratios.append(float(step_seconds[1] / step_seconds[0]))
    return timing


def time_pair(first: Trainer, second: Trainer, *, seconds: float) -> dict[str, float] | None:
    """The ratio second ÷ first of the duration of a step, measured in alternating slices; both train on meanwhile."""
    timing = PairedTiming()
    for trainer in (first, second):
        trainer.compile()
    end = perf_counter() + seconds
    while perf_counter() < end and not (first.done or second.done):
        medians = []
        for trainer in (first, second):
            steps = trainer.advance(SLICE_SECONDS)
            medians.append(np.median(trainer.step_seconds[-steps:]))
        timing.ratios.append(medians[1] / medians[0])
    return timing.summary()
