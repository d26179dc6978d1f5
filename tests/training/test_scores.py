"""The scores equal Keras' own metrics, on the probabilities that the logits mean."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from vitviz.runs.record import MEASURES
from vitviz.training.metrics import scores


def by_keras(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    targets = np.eye(logits.shape[1], dtype=np.float32)[labels]
    probabilities = keras.ops.softmax(logits)
    metrics = {
        "accuracy": keras.metrics.CategoricalAccuracy(),
        "precision": keras.metrics.Precision(),
        "recall": keras.metrics.Recall(),
        "top5": keras.metrics.TopKCategoricalAccuracy(5),
    }
    for metric in metrics.values():
        metric.update_state(targets, probabilities)
    loss = keras.metrics.CategoricalCrossentropy(from_logits=True)
    loss.update_state(targets, logits)
    return {"loss": float(loss.result())} | {name: float(metric.result()) for name, metric in metrics.items()}


@pytest.mark.parametrize("classes", [2, 4, 10, 100])
@pytest.mark.parametrize("spread", [0.1, 2, 20])
def test_scores_equal_those_of_keras(classes, spread):
    random = np.random.default_rng(classes)
    labels = random.integers(0, classes, 300)
    logits = random.normal(scale=spread, size=(300, classes)).astype(np.float32)
    logits[np.arange(300), labels] += spread  # right more often than by chance
    expected, ours = by_keras(logits, labels), scores(logits, labels)
    assert tuple(ours) == MEASURES
    for name in MEASURES:
        assert ours[name] == pytest.approx(expected[name], rel=1e-4, abs=1e-6), name


def test_precision_is_zero_where_nothing_is_claimed():
    assert scores(np.zeros((5, 4), np.float32), np.arange(5) % 4)["precision"] == 0


def test_a_prediction_counts_as_claimed_above_one_half_only():
    half = np.log(np.array([[0.5, 0.3, 0.2], [0.52, 0.28, 0.2], [0.9, 0.05, 0.05]]))
    measured = scores(half, np.array([0, 0, 1]))
    assert (measured["precision"], measured["recall"]) == (1 / 2, 1 / 3)


def test_top_five_is_always_one_with_five_classes():
    logits = np.random.default_rng(0).normal(size=(50, 5))
    assert scores(logits, np.zeros(50, int))["top5"] == 1
    six = np.random.default_rng(0).normal(size=(50, 6))
    assert scores(six, six.argmin(axis=1))["top5"] == 0


def test_a_training_that_diverged_has_no_hits_among_the_top_five():
    assert scores(np.full((4, 10), np.nan, np.float32), np.arange(4))["top5"] == 0


def test_huge_logits_give_a_finite_loss():
    measured = scores(np.array([[1e4, -1e4], [-1e4, 1e4]], np.float32), np.array([0, 0]))
    assert measured["loss"] == pytest.approx(1e4)
    assert measured["accuracy"] == 0.5
