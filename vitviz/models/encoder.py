"""One transformer block: attention, then a feed-forward network, each with a residual and a norm."""

from __future__ import annotations

import keras
import tensorflow as tf

from vitviz.config import ModelConfig
from vitviz.models.attention import SelfAttention
from vitviz.models.dense import Dense, LayerNorm


class EncoderBlock(keras.layers.Layer):
    """`(batch, tokens, width)` → the same, and the attention `(batch, heads, tokens, tokens)`.

    `norm="post"` normalises after each residual (arXiv 1706.03762), `"post-shared"` does so with one and
    the same LayerNorm twice, as the tutorial does, and `"pre"` normalises what enters each branch
    (arXiv 2002.04745), which trains stably without luck.
    """

    def __init__(self, config: ModelConfig, **kwargs) -> None:
        super().__init__(**kwargs)
        self.pre = config.norm == "pre"
        self.attention = SelfAttention(config.heads, config.key_dim, name="attention")
        self.expand = Dense(config.feed_forward, config.activation, name="expand")
        self.contract = Dense(config.width, name="contract")
        self.attention_norm = LayerNorm(name="attention_norm")
        shared = config.norm == "post-shared"
        self.feed_forward_norm = self.attention_norm if shared else LayerNorm(name="feed_forward_norm")

    def build(self, shape) -> None:
        """Nothing to add: see `VisionTransformer.build`."""

    def call(self, tokens: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        if self.pre:
            mixed, attention = self.attention(self.attention_norm(tokens))
            tokens = tokens + mixed
            return tokens + self._feed_forward(self.feed_forward_norm(tokens)), attention
        mixed, attention = self.attention(tokens)
        tokens = self.attention_norm(tokens + mixed)
        return self.feed_forward_norm(tokens + self._feed_forward(tokens)), attention

    def _feed_forward(self, tokens: tf.Tensor) -> tf.Tensor:
        return self.contract(self.expand(tokens))
