"""The TokenLearner equals the tutorial's broadcast formula, and the TokenFuser its own, in NumPy."""

from __future__ import annotations

import numpy as np
import numpy_reference as reference
import pytest
import tensorflow as tf

from vitviz.models.token_fuser import TokenFuser
from vitviz.models.token_learner import TokenLearner

both_selectors = pytest.mark.parametrize("version", ["v1", "v1.1"])


@pytest.fixture
def tokens():
    return np.random.default_rng(7).normal(size=(2, 16, 16)).astype(np.float32)


@pytest.fixture
def learner(tiny_model, scrambled, tokens):
    def make(**changes):
        config = tiny_model(**({"n_maps": 3} | changes))
        layer = TokenLearner(config)
        layer(tokens)
        return scrambled(layer, scale=0.2), config

    return make


@pytest.mark.parametrize("n_maps", [1, 3, 15])
@pytest.mark.parametrize("selector_norm", [True, False])
@both_selectors
def test_learned_tokens_and_maps_equal_the_broadcast_formula(learner, names_in, tokens, version, selector_norm, n_maps):
    layer, config = learner(token_learner=version, selector_norm=selector_norm, n_maps=n_maps)
    learned, maps = layer(tokens)
    assert learned.shape == (2, n_maps, 16) and maps.shape == (2, 16, n_maps)
    for picture in range(len(tokens)):
        expected, weights = reference.token_learner(tokens[picture].astype(float), names_in(layer), config)
        np.testing.assert_allclose(maps[picture], weights, atol=1e-5)
        np.testing.assert_allclose(learned[picture], expected, rtol=1e-4, atol=1e-5)


@both_selectors
def test_gradients_are_those_of_the_broadcast_formula(learner, names_in, tokens, version):
    """The slope of the NumPy formula along random directions, by differences in float64."""
    layer, config = learner(token_learner=version)
    random = np.random.default_rng(5)
    upstream = random.normal(size=(2, 3, 16))
    weights = {name: array.astype(float) for name, array in names_in(layer).items()}

    def loss(weights, tokens):
        return sum(
            (reference.token_learner(one, weights, config)[0] * up).sum()
            for one, up in zip(tokens, upstream, strict=True)
        )

    inputs = tf.constant(tokens)
    variables = {weight.path.split("/", 1)[1]: weight.value for weight in layer.weights}
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        ours = tf.reduce_sum(layer(inputs)[0] * upstream.astype(np.float32))
    gradients = tape.gradient(ours, variables | {"inputs": inputs})
    for name, gradient in gradients.items():
        direction = random.normal(size=gradient.shape)

        def along(step, name=name, direction=direction):
            if name == "inputs":
                return loss(weights, tokens + step * direction)
            return loss(weights | {name: weights[name] + step * direction}, tokens.astype(float))

        slope = (along(1e-5) - along(-1e-5)) / 2e-5
        np.testing.assert_allclose((gradient.numpy() * direction).sum(), slope, rtol=2e-3, atol=1e-4, err_msg=name)


def test_a_map_of_v1_lies_between_0_and_1_on_its_own(learner, tokens):
    maps = learner(token_learner="v1")[0](tokens)[1].numpy()
    assert (maps > 0).all() and (maps < 1).all()
    assert not np.allclose(maps.sum(axis=1), 1)


def test_a_map_of_v11_sums_to_1_over_positions(learner, tokens):
    maps = learner(token_learner="v1.1")[0](tokens)[1].numpy()
    np.testing.assert_allclose(maps.sum(axis=1), 1, atol=1e-5)
    assert not np.allclose(maps.sum(axis=2), 1)


@both_selectors
def test_the_selector_reads_normalised_tokens_but_pools_the_tokens_themselves(learner, tokens, version):
    layer, _ = learner(token_learner=version)
    learned, maps = layer(tokens)
    tenfold, same_maps = layer(tokens * 10)
    np.testing.assert_allclose(same_maps, maps, atol=1e-2)  # the norm's epsilon is all that differs
    np.testing.assert_allclose(tenfold, 10 * learned, rtol=0.05, atol=0.1)


@pytest.fixture
def fuser(tiny_model, scrambled, tokens):
    config = tiny_model(n_maps=3, fuse_after=2)
    layer = TokenFuser(config)
    learned = np.random.default_rng(8).normal(size=(2, 3, 16)).astype(np.float32)
    layer(learned, tokens)
    return layer, learned


def test_a_fuser_starts_as_the_identity(tiny_model, scrambled, tokens):
    from vitviz.models import build

    fuser = build(tiny_model(n_maps=3, fuse_after=2), seed=3).token_fuser
    learned = np.random.default_rng(8).normal(size=(2, 3, 16)).astype(np.float32)
    np.testing.assert_array_equal(fuser(learned, tokens)[0], tokens)
    scrambled(fuser)
    assert not np.allclose(fuser(learned, tokens)[0], tokens)


def test_a_fuser_equals_its_formula(fuser, scrambled, names_in, tokens):
    layer, learned = fuser
    scrambled(layer)
    fused, weights = layer(learned, tokens)
    assert weights.shape == (2, 16, 3)
    for picture in range(len(tokens)):
        expected = reference.token_fuser(learned[picture].astype(float), tokens[picture].astype(float), names_in(layer))
        np.testing.assert_allclose(fused[picture], expected, rtol=1e-4, atol=1e-4)


