"""The two smallest layers, written for sequences: a matrix product and a normalisation."""

from __future__ import annotations

import keras
import tensorflow as tf

ACTIVATIONS = {
    None: lambda values: values,
    "relu": tf.nn.relu,
    "gelu": lambda values: tf.nn.gelu(values, approximate=False),
}


def project(values: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """`(…, inputs) @ (inputs, outputs)` as one flat product, which the CPU runs faster than a batch of small ones."""
    flat = tf.matmul(tf.reshape(values, (-1, values.shape[-1])), kernel)
    return tf.reshape(flat, (-1, *values.shape[1:-1], kernel.shape[-1]))


class Dense(keras.layers.Layer):
    """`activation(x·kernel + bias)` over the last axis: `(batch, …, inputs)` → `(batch, …, units)`."""

    def __init__(self, units: int, activation: str | None = None, **kwargs) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.activation = ACTIVATIONS[activation]

    def build(self, shape) -> None:
        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], self.units), initializer="zeros")
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")

    def call(self, values: tf.Tensor) -> tf.Tensor:
        return self.activation(project(values, self.kernel) + self.bias)


class LayerNorm(keras.layers.Layer):
    """Normalises the last axis to mean 0 and variance 1, then scales and shifts it (arXiv 1607.06450).

    The epsilon, 0.001, is that of Keras' own layer, which the tutorial uses.
    """

    epsilon = 1e-3

    def build(self, shape) -> None:
        self.gamma = self.add_weight(name="gamma", shape=(shape[-1],), initializer="ones")
        self.beta = self.add_weight(name="beta", shape=(shape[-1],), initializer="zeros")

    def call(self, values: tf.Tensor) -> tf.Tensor:
        mean = tf.reduce_mean(values, axis=-1, keepdims=True)
        centred = values - mean
        variance = tf.reduce_mean(tf.square(centred), axis=-1, keepdims=True)
        return centred * tf.math.rsqrt(variance + self.epsilon) * self.gamma + self.beta
