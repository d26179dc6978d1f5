"""Self-attention that returns its weights, because they are what we came to see."""

from __future__ import annotations

import keras
import tensorflow as tf

from vitviz.models.dense import project


def attention_weights(queries: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
    """Scaled dot-product attention weights (arXiv 1706.03762, section 3.2.1).

    Args:
        queries, keys: `(batch, heads, tokens, key_dim)`.

    Returns:
        `(batch, heads, tokens, tokens)`; row `i` says where token `i` looks, and sums to 1.
    """
    scale = queries.shape[-1] ** -0.5
    return tf.nn.softmax(tf.matmul(queries * scale, keys, transpose_b=True))


class SelfAttention(keras.layers.Layer):
    """Multi-head self-attention: `(batch, tokens, width)` → the same, and `(batch, heads, tokens, tokens)`.

    Weights have the shapes of Keras' `MultiHeadAttention`, so that they can be compared and exchanged.
    """

    def __init__(self, heads: int, key_dim: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.heads = heads
        self.key_dim = key_dim

    def build(self, shape) -> None:
        width = shape[-1]
        for name in ("query", "key", "value"):
            kernel = self.add_weight(
                name=f"{name}_kernel", shape=(width, self.heads, self.key_dim), initializer="zeros"
            )
            bias = self.add_weight(name=f"{name}_bias", shape=(self.heads, self.key_dim), initializer="zeros")
            setattr(self, f"{name}_kernel", kernel)
            setattr(self, f"{name}_bias", bias)
        self.output_kernel = self.add_weight(
            name="output_kernel", shape=(self.heads, self.key_dim, width), initializer="zeros"
        )
        self.output_bias = self.add_weight(name="output_bias", shape=(width,), initializer="zeros")

    def call(self, tokens: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        weights = attention_weights(
            self._heads(tokens, self.query_kernel, self.query_bias),
            self._heads(tokens, self.key_kernel, self.key_bias),
        )
        mixed = tf.matmul(weights, self._heads(tokens, self.value_kernel, self.value_bias))
        mixed = tf.transpose(mixed, (0, 2, 1, 3))  # (batch, tokens, heads, key_dim)
        mixed = tf.reshape(mixed, (-1, tokens.shape[1], self.heads * self.key_dim))
        kernel = tf.reshape(self.output_kernel, (self.heads * self.key_dim, -1))
        return project(mixed, kernel) + self.output_bias, weights

    def _heads(self, tokens: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
        flat = project(tokens, tf.reshape(kernel, (tokens.shape[-1], -1)))
        split = tf.reshape(flat, (-1, tokens.shape[1], self.heads, self.key_dim)) + bias
        return tf.transpose(split, (0, 2, 1, 3))  # (batch, heads, tokens, key_dim)
