"""TokenLearner: a few learned tokens in place of many patches (arXiv 2106.11297)."""

from __future__ import annotations

import keras
import tensorflow as tf

from vitviz.config import ModelConfig
from vitviz.models.dense import Dense, LayerNorm

CONVOLUTIONS = 5  # four with GELU, then one with a sigmoid: the tutorial's selector


def pool(tokens: tf.Tensor, maps: tf.Tensor, *, mean: bool) -> tf.Tensor:
    """Weighs the tokens by each map and pools over positions, as one matrix product.

    Equal to broadcasting `(batch, tokens, 1, width) · (batch, tokens, n_maps, 1)` and reducing over the
    tokens, without ever holding that array.

    Args:
        tokens: `(batch, tokens, width)`.
        maps: `(batch, tokens, n_maps)`.
        mean: divide by the number of tokens (v1 as in the tutorial) or not (v1.1).

    Returns:
        `(batch, n_maps, width)`.
    """
    pooled = tf.matmul(maps, tokens, transpose_a=True)
    return pooled / tokens.shape[1] if mean else pooled


class TokenLearner(keras.layers.Layer):
    """`(batch, tokens, width)` → learned tokens `(batch, n_maps, width)` and weight maps `(batch, tokens, n_maps)`.

    - `v1`: the grid of tokens goes through 3×3 convolutions without bias, GELU between them and a sigmoid at
      the end. Each map lies in [0, 1] on its own. A learned token is the mean of the weighted tokens.
    - `v1.1`: an MLP per position, then a softmax over positions. Each map sums to 1, and a learned token is
      a weighted average. (Google's reference code, `token_learner` in scenic.)

    With `selector_norm` the selector reads normalised tokens. What is pooled are the tokens themselves.
    """

    def __init__(self, config: ModelConfig, **kwargs) -> None:
        super().__init__(**kwargs)
        self.n_maps = config.n_maps
        self.version = config.token_learner
        self.norm = LayerNorm(name="norm") if config.selector_norm else None
        self.grid = config.grid
        if self.version == "v1.1":
            self.expand = Dense(config.selector_units, "gelu", name="expand")
            self.contract = Dense(config.n_maps, name="contract")

    def build(self, shape) -> None:
        if self.version == "v1.1":
            return
        self.kernels = []
        inputs = shape[-1]
        for number in range(1, CONVOLUTIONS + 1):
            kernel_shape = (3, 3, inputs, self.n_maps)
            self.kernels.append(self.add_weight(name=f"kernel_{number}", shape=kernel_shape, initializer="zeros"))
            inputs = self.n_maps

    def call(self, tokens: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        read = tokens if self.norm is None else self.norm(tokens)
        if self.version == "v1.1":
            maps = tf.nn.softmax(self.contract(self.expand(read)), axis=1)
            return pool(tokens, maps, mean=False), maps
        maps = tf.nn.sigmoid(self._convolve(read))
        return pool(tokens, maps, mean=True), maps

    def _convolve(self, tokens: tf.Tensor) -> tf.Tensor:
        values = tf.reshape(tokens, (-1, self.grid, self.grid, tokens.shape[-1]))
        for number, kernel in enumerate(self.kernels):
            if number:
                values = tf.nn.gelu(values, approximate=False)
            values = tf.nn.conv2d(values, kernel, strides=1, padding="SAME")
        return tf.reshape(values, (-1, self.grid**2, self.n_maps))  # (batch, tokens, n_maps)
