"""An encoder block equals its formula in NumPy, wherever the norms stand."""

from __future__ import annotations

import numpy as np
import numpy_reference as reference
import pytest

from vitviz.models.dense import Dense, LayerNorm
from vitviz.models.encoder import EncoderBlock


@pytest.fixture
def tokens():
    return np.random.default_rng(4).normal(size=(2, 9, 16)).astype(np.float32)


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("norm", ["post-shared", "post", "pre"])
def test_a_block_equals_its_formula(tiny_model, scrambled, names_in, tokens, norm, activation):
    config = tiny_model(norm=norm, activation=activation)
    block = EncoderBlock(config)
    block(tokens)
    scrambled(block)
    output, attention = block(tokens)
    for picture in range(len(tokens)):
        expected, seen = reference.encoder_block(tokens[picture].astype(float), names_in(block), config)
        np.testing.assert_allclose(output[picture], expected, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(attention[picture], seen, atol=1e-5)


@pytest.mark.parametrize(("norm", "norms"), [("post-shared", 1), ("post", 2), ("pre", 2)])
def test_only_the_shared_norm_stands_twice_with_one_set_of_weights(tiny_model, names_in, tokens, norm, norms):
    block = EncoderBlock(tiny_model(norm=norm))
    block(tokens)
    assert sum(name.endswith("gamma") for name in names_in(block)) == norms


def test_layer_norm_equals_its_formula(scrambled, names_in, tokens):
    norm = LayerNorm()
    norm(tokens)
    scrambled(norm)
    np.testing.assert_allclose(norm(tokens), reference.layer_norm(tokens.astype(float), names_in(norm)), atol=1e-5)


@pytest.mark.parametrize("shape", [(3, 16), (3, 5, 16), (2, 3, 5, 16)])
@pytest.mark.parametrize("activation", [None, "relu", "gelu"])
def test_dense_equals_its_formula_over_the_last_axis(scrambled, names_in, shape, activation):
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    layer = Dense(6, activation)
    layer(values)
    scrambled(layer)
    expected = reference.dense(values.astype(float), names_in(layer))
    expected = {None: lambda x: x, "relu": reference.relu, "gelu": reference.gelu}[activation](expected)
    np.testing.assert_allclose(layer(values), expected, atol=1e-5)
