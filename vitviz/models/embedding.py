"""From patches to tokens: a linear projection plus a learned embedding of the position."""

from __future__ import annotations

import keras
import tensorflow as tf

from vitviz.config import ModelConfig
from vitviz.models.dense import Dense, LayerNorm


class PatchEmbedding(keras.layers.Layer):
    """`(batch, tokens, patch_values)` → `(batch, tokens, width)` (arXiv 2010.11929, equation 1, no class token).

    With `patch_norm` each patch is normalised first, as in the tutorial, which absorbs the scale of the pixels.
    `positions`, `(tokens, width)`, is the positional embedding.
    """

    def __init__(self, config: ModelConfig, **kwargs) -> None:
        super().__init__(**kwargs)
        self.norm = LayerNorm(name="norm") if config.patch_norm else None
        self.project = Dense(config.width, name="project")
        self.shape = (config.tokens, config.width)

    def build(self, shape) -> None:
        self.positions = self.add_weight(name="positions", shape=self.shape, initializer="zeros")

    def call(self, patches: tf.Tensor) -> tf.Tensor:
        if self.norm is not None:
            patches = self.norm(patches)
        return self.project(patches) + self.positions
