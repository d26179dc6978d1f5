"""Training a batch in parts, one per core, is the same training."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from vitviz.models import build
from vitviz.training import parts as parts_module
from vitviz.training import predict, step
from vitviz.training.predict import Predictor
from vitviz.training.step import TrainStep

# With a head as wide as a token attention is folded, and the parts share what is folded
KINDS = [{}, {"n_maps": 3}, {"key_dim": 16}, {"key_dim": 16, "n_maps": 3}, {"dropout": 0.4}]


@pytest.fixture
def in_parts(monkeypatch):
    """A function that has the batch cut into so many parts, as unequal as they come."""

    def cut(count: int) -> None:
        def sizes(pictures: int) -> list[int]:
            return [1] * (count - 1) + [pictures - count + 1]

        monkeypatch.setattr(step, "parts", sizes)
        monkeypatch.setattr(predict, "parts", sizes)

    return cut


@pytest.mark.parametrize("changes", KINDS, ids=str)
def test_a_step_in_parts_gives_the_logits_and_the_gradients_of_a_whole_one(
    in_parts, tiny_model, tiny_training, tiny_pictures, changes
):
    config, training = tiny_model(**changes), tiny_training(batch_size=7)
    images, labels = tiny_pictures(7, config)
    weights = np.array([1, 1, 1, 1, 1, 1, 0], np.float32)  # the last one fills up the batch
    seen = []
    for count in (1, 3):
        in_parts(count)
        trained = TrainStep(build(config, seed=2), training)
        logits = trained(images, labels.astype(np.int32), weights, rate=0.0, number=1)
        # Adam's first moment after one step is a tenth of the gradient
        seen.append((logits, {name: moment.numpy() for name, moment in trained.optimizer.first.items()}))
    (whole_logits, whole), (part_logits, part) = seen
    np.testing.assert_allclose(part_logits, whole_logits, rtol=1e-4, atol=1e-5)
    assert any(np.abs(gradient).max() > 1e-4 for gradient in whole.values())
    for name, gradient in whole.items():
        np.testing.assert_allclose(
            part[name], gradient, rtol=1e-3, atol=1e-4 * np.abs(gradient).max() + 1e-8, err_msg=name
        )


def test_predictions_in_parts_are_those_of_the_whole(in_parts, tiny_model, tiny_pictures):
    config = tiny_model()
    model, (images, _) = build(config, seed=1), tiny_pictures(11, config)
    in_parts(3)
    np.testing.assert_allclose(Predictor(model)(images), model(images), rtol=1e-4, atol=1e-5)


def test_nothing_folded_is_left_behind_in_the_model(in_parts, tiny_model, tiny_training, tiny_pictures):
    config = tiny_model(key_dim=16)
    images, labels = tiny_pictures(4, config)
    model = build(config, seed=1)
    in_parts(2)
    ones = np.ones(4, np.float32)
    TrainStep(model, tiny_training(batch_size=4))(images, labels.astype(np.int32), ones, rate=0.1, number=1)
    after = model(images).numpy()
    other = build(config, initial=None)
    for name, weight in other.named_weights().items():
        weight.assign(model.named_weights()[name])
    np.testing.assert_allclose(after, other(images), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("cores", "threads", "pictures", "expected"),
    [
        (2, 1, 33, [17, 16]),
        (4, 1, 33, [9, 8, 8, 8]),
        (4, 1, 20, [10, 10]),  # no part below 8
        (2, 1, 3, [3]),
        (2, 0, 128, [128]),  # every operation has all cores already
    ],
)
def test_a_batch_is_cut_by_cores_into_parts_that_are_not_too_small(monkeypatch, cores, threads, pictures, expected):
    monkeypatch.setattr(parts_module, "_cores", lambda: cores)
    monkeypatch.setattr(tf.config.threading, "get_intra_op_parallelism_threads", lambda: threads)
    assert parts_module.parts(pictures) == expected


def test_batches_too_small_for_the_cores_leave_tensorflow_as_it_is(monkeypatch):
    asked = []
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    monkeypatch.setattr(parts_module, "_cores", lambda: 8)
    monkeypatch.setattr(tf.config.threading, "set_intra_op_parallelism_threads", asked.append)
    parts_module.one_core_per_operation(63)
    assert asked == []
    parts_module.one_core_per_operation(64)
    assert asked == [1]


def test_a_tensorflow_that_runs_already_is_left_as_it_is():
    tf.zeros(1).numpy()
    before = tf.config.threading.get_intra_op_parallelism_threads()
    parts_module.one_core_per_operation(1000)
    assert tf.config.threading.get_intra_op_parallelism_threads() == before
