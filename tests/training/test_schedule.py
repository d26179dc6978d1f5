"""The learning rate warms up in a line and then stays, or falls along a cosine."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vitviz.training.schedule import learning_rate


def rates(config, steps_per_epoch):
    return np.array([learning_rate(config, step, steps_per_epoch) for step in range(config.epochs * steps_per_epoch)])


def test_a_constant_rate_without_warmup_is_the_rate(tiny_training):
    assert set(rates(tiny_training(epochs=3, learning_rate=1e-3), 10)) == {1e-3}


def test_warmup_rises_in_equal_steps_from_above_zero_to_below_the_rate(tiny_training):
    warming = rates(tiny_training(epochs=4, warmup_epochs=1.5, learning_rate=0.4), 10)[:15]
    assert warming[0] > 0 and warming[-1] < 0.4
    np.testing.assert_allclose(np.diff(warming), np.diff(warming)[0])
    np.testing.assert_allclose(warming[0], np.diff(warming)[0])


@pytest.mark.parametrize("warmup", [0.0, 1.0])
def test_a_cosine_starts_at_the_rate_passes_its_half_in_the_middle_and_ends_near_zero(tiny_training, warmup):
    config = tiny_training(epochs=5, schedule="cosine", warmup_epochs=warmup, learning_rate=2.0)
    falling = rates(config, 10)[int(warmup * 10) :]
    assert falling[0] == 2.0
    assert falling[len(falling) // 2] == pytest.approx(1.0)
    assert (np.diff(falling) < 0).all()
    assert 0 < falling[-1] < 0.01
    quarter = 2.0 * 0.5 * (1 + math.cos(math.pi / 4))
    assert np.interp(len(falling) / 4, np.arange(len(falling)), falling) == pytest.approx(quarter, rel=1e-3)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_a_warmup_longer_than_the_training_still_gives_a_finite_rising_rate(tiny_training, schedule):
    rising = rates(tiny_training(epochs=1, warmup_epochs=3.0, schedule=schedule, learning_rate=1.0), 5)
    assert (np.diff(rising) > 0).all() and rising[0] > 0 and rising[-1] < 1
