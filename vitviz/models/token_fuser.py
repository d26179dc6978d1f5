"""TokenFuser: puts learned tokens back on the grid of patches (arXiv 2106.11297, section 2.2)."""

from __future__ import annotations

import keras
import tensorflow as tf

from vitviz.config import ModelConfig
from vitviz.models.dense import Dense, LayerNorm


class TokenFuser(keras.layers.Layer):
    """Learned tokens `(batch, n_maps, width)` and the grid they came from `(batch, tokens, width)` → a new grid.

    `X + M·Y'` with `M = sigmoid(MLP(LN X))` of `(batch, tokens, n_maps)` and `Y' = LN(W·LN Y)`, where `W` mixes
    the learned tokens and starts at zero, so that the fuser starts as the identity (scenic's reference code).
    """

    def __init__(self, config: ModelConfig, **kwargs) -> None:
        super().__init__(**kwargs)
        self.learned_norm = LayerNorm(name="learned_norm")
        self.mixed_norm = LayerNorm(name="mixed_norm")
        self.grid_norm = LayerNorm(name="grid_norm")
        self.expand = Dense(config.selector_units, "gelu", name="expand")
        self.contract = Dense(config.n_maps, name="contract")

    def build(self, learned_shape, grid_shape) -> None:
        n_maps = learned_shape[1]
        self.mix_kernel = self.add_weight(name="mix", shape=(n_maps, n_maps), initializer="zeros")
        self.mix_bias = self.add_weight(name="mix_bias", shape=(n_maps,), initializer="zeros")

    def call(self, learned: tf.Tensor, grid: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the fused grid `(batch, tokens, width)` and the weights `M` `(batch, tokens, n_maps)`."""
        # W works along the learned tokens, so they stand last while it does: (batch, width, n_maps)
        across = tf.matmul(self.learned_norm(learned), self.mix_kernel, transpose_a=True) + self.mix_bias
        mixed = self.mixed_norm(tf.transpose(across, (0, 2, 1)))  # (batch, n_maps, width)
        weights = tf.nn.sigmoid(self.contract(self.expand(self.grid_norm(grid))))
        return grid + tf.matmul(weights, mixed), weights
