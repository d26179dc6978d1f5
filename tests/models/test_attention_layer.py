"""Self-attention equals the formula in NumPy and Keras' own layer, with narrow heads and with wide ones."""

from __future__ import annotations

import keras
import numpy as np
import numpy_reference as reference
import pytest
import tensorflow as tf

from vitviz.models.attention import SelfAttention, attention_weights

# (width, heads, key_dim): narrow heads, one head, wide heads as in the tutorial (key_dim = width), still wider ones
SHAPES = [(16, 4, 4), (12, 1, 6), (10, 3, 10), (6, 2, 11)]
every_shape = pytest.mark.parametrize(("width", "heads", "key_dim"), SHAPES)


@pytest.fixture
def layer_and_tokens(scrambled):
    def make(width, heads, key_dim, tokens=7, pictures=3):
        values = np.random.default_rng(1).normal(size=(pictures, tokens, width)).astype(np.float32)
        layer = SelfAttention(heads, key_dim)
        layer(values)  # builds it
        return scrambled(layer), values

    return make


def test_attention_weights_are_the_softmax_of_scaled_products():
    random = np.random.default_rng(0)
    queries, keys = random.normal(size=(2, 2, 3, 5, 7)).astype(np.float32)  # each (batch, heads, tokens, key_dim)
    weights = attention_weights(tf.constant(queries), tf.constant(keys)).numpy()
    expected = reference.softmax(np.einsum("bhqd,bhkd->bhqk", queries.astype(float), keys) / np.sqrt(7))
    np.testing.assert_allclose(weights, expected, atol=1e-6)


@every_shape
def test_every_row_of_attention_sums_to_one(layer_and_tokens, width, heads, key_dim):
    layer, tokens = layer_and_tokens(width, heads, key_dim)
    attention = layer(tokens)[1].numpy()
    assert attention.shape == (3, heads, 7, 7)
    assert (attention >= 0).all()
    np.testing.assert_allclose(attention.sum(axis=-1), 1, atol=1e-5)


@every_shape
def test_attention_and_output_are_those_of_the_formula(layer_and_tokens, names_in, width, heads, key_dim):
    layer, tokens = layer_and_tokens(width, heads, key_dim)
    output, attention = layer(tokens)
    for picture in range(len(tokens)):
        expected, weights = reference.attention(tokens[picture].astype(float), names_in(layer))
        np.testing.assert_allclose(attention[picture], weights, atol=1e-5)
        np.testing.assert_allclose(output[picture], expected, rtol=1e-4, atol=1e-4)


@every_shape
def test_the_layer_equals_keras_multi_head_attention(layer_and_tokens, names_in, width, heads, key_dim):
    layer, tokens = layer_and_tokens(width, heads, key_dim)
    weights = names_in(layer)
    theirs = keras.layers.MultiHeadAttention(heads, key_dim)
    theirs(tokens, tokens)
    order = [f"{part}_{kind}" for part in ("query", "key", "value", "output") for kind in ("kernel", "bias")]
    theirs.set_weights([weights[name] for name in order])
    expected, scores = theirs(tokens, tokens, return_attention_scores=True)
    output, attention = layer(tokens)
    np.testing.assert_allclose(attention, scores, atol=1e-5)
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-4)


@every_shape
def test_gradients_equal_those_of_keras_multi_head_attention(layer_and_tokens, names_in, width, heads, key_dim):
    layer, tokens = layer_and_tokens(width, heads, key_dim)
    theirs = keras.layers.MultiHeadAttention(heads, key_dim)
    theirs(tokens, tokens)
    parts = [f"{part}_{kind}" for part in ("query", "key", "value", "output") for kind in ("kernel", "bias")]
    theirs.set_weights([names_in(layer)[name] for name in parts])
    upstream = np.random.default_rng(2).normal(size=tokens.shape).astype(np.float32)
    inputs = tf.constant(tokens)
    ours = {weight.path.split("/", 1)[1]: weight.value for weight in layer.weights}
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(inputs)
        mine = tf.reduce_sum(layer(inputs)[0] * upstream)
        their = tf.reduce_sum(theirs(inputs, inputs) * upstream)
    sources = [inputs, *(ours[name] for name in parts)]
    mine = tape.gradient(mine, sources, unconnected_gradients="zero")
    their = tape.gradient(their, [inputs, *(weight.value for weight in theirs.weights)])
    for name, one, other in zip(["inputs", *parts], mine, their, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4, err_msg=name)


def test_large_scores_do_not_overflow(layer_and_tokens):
    for shape in SHAPES:
        layer, tokens = layer_and_tokens(*shape)
        attention = layer(tokens * 1000)[1].numpy()
        assert np.isfinite(attention).all()
        np.testing.assert_allclose(attention.sum(axis=-1), 1, atol=1e-5)
