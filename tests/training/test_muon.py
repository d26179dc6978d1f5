"""Our Muon makes the same steps as Keras' Muon, and gives every weight that is no kernel of a block to Adam."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from vitviz.models import build
from vitviz.training.muon import Muon, orthogonalised

# name -> our shape, and the matrix that Keras is given
SHAPES = {
    "block_1/expand/kernel": ((6, 9), (6, 9)),
    "block_1/contract/kernel": ((9, 6), (9, 6)),
    "block_1/attention/query_kernel": ((6, 2, 4), (6, 8)),
    "block_2/attention/query_kernel": ((6, 2, 4), (6, 8)),
    "block_1/attention/output_kernel": ((2, 4, 6), (8, 6)),
    "block_1/attention/query_bias": ((2, 4), (8,)),
    "embedding/project/kernel": ((5, 6), (5, 6)),
    "classify/kernel": ((6, 3), (6, 3)),
}
RATES = [1e-2, 2e-2, 3e-2, 1e-3, 1e-2]


@pytest.fixture
def problem():
    random = np.random.default_rng(3)
    draw = lambda: {name: random.normal(size=own).astype(np.float32) for name, (own, _) in SHAPES.items()}  # noqa: E731
    return draw(), [draw() for _ in RATES]


def ours(start, gradients, weight_decay):
    weights = {name: tf.Variable(value) for name, value in start.items()}
    muon = Muon(weights, weight_decay)
    for number, (gradient, rate) in enumerate(zip(gradients, RATES, strict=True), start=1):
        gradient = {name: tf.constant(value) for name, value in gradient.items()}
        muon.apply(gradient, tf.constant(rate, tf.float32), tf.constant(number, tf.float32))
    return {name: weight.numpy() for name, weight in weights.items()}


def theirs(start, gradients, weight_decay):
    as_matrix = lambda values: {name: values[name].reshape(SHAPES[name][1]) for name in values}  # noqa: E731
    names = {name: name.replace("/", "_") for name in start}
    weights = {name: keras.Variable(value, name=names[name]) for name, value in as_matrix(start).items()}
    muon = keras.optimizers.Muon(
        weight_decay=weight_decay, adam_weight_decay=weight_decay, exclude_layers=["embedding", "classify"]
    )
    muon.exclude_from_weight_decay(var_list=[weights["block_1/attention/query_bias"]])
    muon.build(list(weights.values()))
    for gradient, rate in zip(gradients, RATES, strict=True):
        muon.learning_rate = rate
        muon.apply([tf.constant(value) for value in as_matrix(gradient).values()])
    return {name: weight.numpy().reshape(SHAPES[name][0]) for name, weight in weights.items()}


@pytest.mark.parametrize("weight_decay", [0.0, 0.5])
def test_its_steps_are_those_of_keras(problem, weight_decay):
    mine, keras_own = ours(*problem, weight_decay), theirs(*problem, weight_decay)
    for name, start in problem[0].items():
        assert np.abs(mine[name] - start).max() > 1e-2
        np.testing.assert_allclose(mine[name], keras_own[name], rtol=1e-4, atol=2e-5, err_msg=name)


@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 5, 9), (2, 9, 5)])
def test_an_update_keeps_the_directions_of_the_momentum_and_makes_their_lengths_alike(shape):
    matrices = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    after = orthogonalised(tf.constant(matrices)).numpy()
    for matrix, its in zip(matrices, after, strict=True):
        u, _, v = np.linalg.svd(matrix, full_matrices=False)
        in_its_directions = u.T @ its @ v.T
        lengths = np.diag(in_its_directions)
        np.testing.assert_allclose(in_its_directions, np.diag(lengths), atol=1e-4)
        assert lengths.min() > 0.5 and lengths.max() < 1.4


def test_muon_takes_six_kernels_of_every_block_and_nothing_else(tiny_model):
    weights = build(tiny_model(n_maps=3, fuse_after=2, patch_norm=True, head_units=4)).named_weights()
    taken = Muon(weights, 0.0).matrices
    assert len(taken) == 6 * len({name.split("/")[0] for name in taken})
    for name in weights:
        assert (name in taken) == (name.startswith("block_") and name.endswith("kernel")), name


def test_a_rate_of_zero_changes_no_weight(problem):
    start, gradients = problem
    weights = {name: tf.Variable(value) for name, value in start.items()}
    gradient = {name: tf.constant(value) for name, value in gradients[0].items()}
    Muon(weights, 0.5).apply(gradient, tf.constant(0.0), tf.constant(1.0))
    for name, value in start.items():
        np.testing.assert_array_equal(weights[name].numpy(), value)
