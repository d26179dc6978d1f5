"""Self-attention that returns its weights, because they are what we came to see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

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


class Folded(NamedTuple):
    """The four weights of attention multiplied by each other, see `SelfAttention._folded`."""

    into_scores: tf.Tensor  # (width, heads·width)
    scores_bias: tf.Tensor  # (heads·width,)
    into_output: tf.Tensor  # (heads·width, width)
    output_bias: tf.Tensor  # (width,)


class SelfAttention(keras.layers.Layer):
    """Multi-head self-attention: `(batch, tokens, width)` → the same, and `(batch, heads, tokens, tokens)`.

    Weights have the shapes of Keras' `MultiHeadAttention`, so that they can be compared and exchanged.
    """

    def __init__(self, heads: int, key_dim: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.heads = heads
        self.key_dim = key_dim
        self.folded: Folded | None = None  # while `folded_once` holds

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
        return self._folded(tokens) if self.folds else self._plain(tokens)

    @property
    def folds(self) -> bool:
        """Whether the folded form is the faster one: with wide heads it halves the work, with narrow ones it adds some.

        Measured, see bench/NOTES.md.
        """
        return 2 * self.key_dim > self.query_kernel.shape[0]

    def _plain(self, tokens: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        weights = attention_weights(
            self._heads(tokens, self.query_kernel, self.query_bias),
            self._heads(tokens, self.key_kernel, self.key_bias),
        )
        mixed = tf.matmul(weights, self._heads(tokens, self.value_kernel, self.value_bias))
        mixed = tf.transpose(mixed, (0, 2, 1, 3))  # (batch, tokens, heads, key_dim)
        mixed = tf.reshape(mixed, (-1, tokens.shape[1], self.heads * self.key_dim))
        kernel = tf.reshape(self.output_kernel, (self.heads * self.key_dim, -1))
        return project(mixed, kernel) + self.output_bias, weights

    def _folded(self, tokens: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The same function of the same weights, with the weights multiplied by each other first.

        The scores (x·Wq)·(x·Wk)ᵀ are x·(Wq·Wkᵀ)·xᵀ, and the output Σ A·(x·Wv)·Wo is Σ (A·x)·(Wv·Wo). So every head
        reads the tokens themselves as keys and as values: two of four projections go, and so does every transpose.
        The key's bias adds the same to a whole row of scores, which the softmax takes away again: it has no part here.
        """
        length, width = tokens.shape[1:]
        folded = self.folded or self.fold()
        queries = project(tokens, folded.into_scores) + folded.scores_bias
        queries = tf.reshape(queries, (-1, length * self.heads, width))
        weights = tf.nn.softmax(tf.matmul(queries, tokens, transpose_b=True))  # (batch, tokens·heads, tokens)
        mixed = tf.reshape(tf.matmul(weights, tokens), (-1, length, self.heads * width))
        per_head = tf.reshape(weights, (-1, length, self.heads, length))
        return project(mixed, folded.into_output) + folded.output_bias, tf.transpose(per_head, (0, 2, 1, 3))

    def fold(self) -> Folded:
        """The products of the weights."""
        width = self.query_kernel.shape[0]
        query = tf.transpose(self.query_kernel, (1, 0, 2))  # (heads, width, key_dim)
        key = tf.transpose(self.key_kernel, (1, 2, 0))  # (heads, key_dim, width)
        value = tf.transpose(self.value_kernel, (1, 0, 2))  # (heads, width, key_dim)
        scale = self.key_dim**-0.5
        into_scores = tf.transpose(tf.matmul(query, key), (1, 0, 2)) * scale  # (width, heads, width)
        scores_bias = tf.matmul(self.query_bias[:, None], key) * scale  # (heads, 1, width)
        into_output = tf.matmul(value, self.output_kernel)  # (heads, width, width)
        # The rows of the attention weights sum to 1, so the value's bias passes through them unchanged
        bias = tf.reduce_sum(tf.matmul(self.value_bias[:, None], self.output_kernel), axis=(0, 1))
        return Folded(
            into_scores=tf.reshape(into_scores, (width, -1)),
            scores_bias=tf.reshape(scores_bias, (-1,)),
            into_output=tf.reshape(into_output, (-1, width)),
            output_bias=bias + self.output_bias,
        )

    def _heads(self, tokens: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
        flat = project(tokens, tf.reshape(kernel, (tokens.shape[-1], -1)))
        split = tf.reshape(flat, (-1, tokens.shape[1], self.heads, self.key_dim)) + bias
        return tf.transpose(split, (0, 2, 1, 3))  # (batch, heads, tokens, key_dim)


@contextmanager
def folded_once(model: keras.Model) -> Iterator[None]:
    """While it holds, every attention of the model that folds reads products made at its beginning.

    For several passes over the same weights in one compiled function; not for two threads at a time.
    """
    folding = [block.attention for block in model.encoder_blocks if block.attention.folds]
    for attention in folding:
        attention.folded = attention.fold()
    try:
        yield
    finally:
        for attention in folding:
            attention.folded = None
