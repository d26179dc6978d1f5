"""The learning rate at each step."""

from __future__ import annotations

import math

from vitviz.config import TrainConfig


def learning_rate(config: TrainConfig, step: int, steps_per_epoch: int) -> float:
    """The rate for step `step` (from 0): a linear warm-up, then constant or a cosine down to 0 (arXiv 1608.03983)."""
    warmup = config.warmup_epochs * steps_per_epoch
    if step < warmup:
        return config.learning_rate * (step + 1) / (warmup + 1)
    if config.schedule == "constant":
        return config.learning_rate
    total = config.epochs * steps_per_epoch
    progress = (step - warmup) / max(total - warmup, 1)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
