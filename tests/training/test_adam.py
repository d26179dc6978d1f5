"""Our Adam makes the same steps as Keras' Adam and AdamW."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from vitviz.training.adam import Adam, decays

SHAPES = {
    "block_1/expand/kernel": (5, 3), "block_1/expand/bias": (3,), "norm/gamma": (4,), "embedding/positions": (6, 2)
}  # fmt: skip


def steps_of_ours(start, gradients, rates, weight_decay):
    weights = {name: tf.Variable(value) for name, value in start.items()}
    adam = Adam(weights, weight_decay)
    for number, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        gradient = {name: tf.constant(value) for name, value in gradient.items()}
        adam.apply(gradient, tf.constant(rate, tf.float32), tf.constant(number, tf.float32))
    return {name: weight.numpy() for name, weight in weights.items()}


def steps_of_keras(start, gradients, rates, optimizer, kept=()):
    weights = {name: keras.Variable(value, name=name.replace("/", "_")) for name, value in start.items()}
    if kept:
        optimizer.exclude_from_weight_decay(var_list=[weights[name] for name in kept])
    optimizer.build(list(weights.values()))
    for gradient, rate in zip(gradients, rates, strict=True):
        optimizer.learning_rate = rate
        optimizer.apply([tf.constant(gradient[name]) for name in weights])
    return {name: weight.numpy() for name, weight in weights.items()}


@pytest.fixture
def problem():
    random = np.random.default_rng(3)
    draw = lambda: {name: random.normal(size=shape).astype(np.float32) for name, shape in SHAPES.items()}  # noqa: E731
    gradients = [draw() for _ in range(7)]
    gradients[2] = {name: value * 0 for name, value in gradients[2].items()}
    gradients[3] = {name: value * 1e-6 for name, value in gradients[3].items()}
    return draw(), gradients, [1e-2, 2e-2, 3e-2, 3e-2, 1e-3, 1e-2, 5e-3]


def test_without_decay_it_is_adam(problem):
    ours, theirs = steps_of_ours(*problem, 0.0), steps_of_keras(*problem, keras.optimizers.Adam())
    for name, start in problem[0].items():
        assert np.abs(ours[name] - start).max() > 1e-2
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-5, atol=1e-6, err_msg=name)


def test_with_decay_it_is_adamw_on_kernels_alone(problem):
    kept = [name for name in SHAPES if not decays(name)]
    ours = steps_of_ours(*problem, 0.5)
    theirs = steps_of_keras(*problem, keras.optimizers.AdamW(weight_decay=0.5), kept)
    for name in SHAPES:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-5, atol=1e-6, err_msg=name)
    without = steps_of_ours(*problem, 0.0)
    assert {name for name in SHAPES if not np.array_equal(ours[name], without[name])} == {"block_1/expand/kernel"}


def test_kernels_and_the_fusers_mixing_matrix_decay_and_nothing_else_does(tiny_model):
    from vitviz.models import build

    names = list(build(tiny_model(n_maps=3, fuse_after=2, patch_norm=True, head_units=4)).named_weights())
    for name in names:
        last = name.split("/")[-1]
        one_dimensional = last.endswith(("bias", "gamma", "beta")) or last == "positions"
        assert decays(name) != one_dimensional, name
    assert decays("token_fuser/mix") and not decays("token_fuser/mix_bias")


def test_a_rate_of_zero_changes_nothing(problem):
    start, gradients, _ = problem
    for weight_decay in (0.0, 0.5):
        after = steps_of_ours(start, gradients[:1], [0.0], weight_decay)
        for name in start:
            np.testing.assert_array_equal(after[name], start[name])
