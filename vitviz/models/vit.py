"""The two networks. `n_maps=None` in the config is a ViT; with a number of maps it is a fast ViT."""

from __future__ import annotations

from dataclasses import dataclass, field

import keras
import tensorflow as tf

from vitviz.config import Initial, ModelConfig
from vitviz.models.dense import Dense, LayerNorm
from vitviz.models.embedding import PatchEmbedding
from vitviz.models.encoder import EncoderBlock
from vitviz.models.initial import initial_value
from vitviz.models.mimetic import mimetic_values
from vitviz.models.token_fuser import TokenFuser
from vitviz.models.token_learner import TokenLearner
from vitviz.models.tokenizer import cut_patches, scale_pixels


@dataclass
class Seen:
    """What one forward pass saw on its way; tensors with a batch axis in front.

    `tokens[0]` follows the embedding and `tokens[k]` block `k`; `attention[k]`, `(heads, T, T)`, belongs to block
    `k + 1`. `weight_maps` and `learned_tokens` have one entry for each TokenLearner (none, one or two).
    """

    patches: tf.Tensor | None = None
    tokens: list[tf.Tensor] = field(default_factory=list)
    attention: list[tf.Tensor] = field(default_factory=list)
    weight_maps: list[tf.Tensor] = field(default_factory=list)
    learned_tokens: list[tf.Tensor] = field(default_factory=list)


class VisionTransformer(keras.Model):
    """`(batch, side, side, channels)` with values 0…255 → logits `(batch, classes)`.

    Patches, embedding, `blocks` encoder blocks, the mean over tokens, an optional Dense layer, the output layer
    (arXiv 2010.11929, with the tutorial's average pooling for the class token). In a fast ViT a TokenLearner
    stands after `insert_after` blocks, and what follows works on `n_maps` tokens.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(name=config.kind)
        self.config = config
        self.embedding = PatchEmbedding(config, name="embedding")
        self.encoder_blocks = [EncoderBlock(config, name=f"block_{k + 1}") for k in range(config.blocks)]
        self.token_learner = TokenLearner(config, name="token_learner") if config.n_maps else None
        fused = config.fuse_after is not None
        self.token_fuser = TokenFuser(config, name="token_fuser") if fused else None
        self.second_token_learner = TokenLearner(config, name="second_token_learner") if fused else None
        self.final_norm = LayerNorm(name="final_norm") if config.norm == "pre" else None
        self.hidden = Dense(config.head_units, "relu", name="hidden") if config.head_units else None
        self.classify = Dense(config.classes, name="classify")

    def build(self, shape) -> None:
        """Nothing to add: each layer builds itself when it is first called. Without this method Keras runs the whole
        network twice on symbols before the first call, which takes 0.3 s a model (bench/NOTES.md)."""

    def call(self, images: tf.Tensor, dropout_seed: tf.Tensor | None = None) -> tf.Tensor:
        """Logits `(batch, classes)`. `dropout_seed`, two integers, switches a connected dropout on."""
        return self.observe(images, dropout_seed)[0]

    def observe(self, images: tf.Tensor, dropout_seed: tf.Tensor | None = None) -> tuple[tf.Tensor, Seen]:
        """The logits, float32 `(batch, classes)`, and all that was seen on the way to them.

        Args:
            images: `(batch, side, side, channels)` of any number type, values 0…255.
            dropout_seed: two integers switch a connected dropout on.

        Raises:
            ValueError: the pictures have another shape than the config says.
        """
        config, seen = self.config, Seen()
        images = tf.ensure_shape(images, (None, config.image_size, config.image_size, config.channels))
        seen.patches = cut_patches(scale_pixels(images, config.pixels), config.patch_size, config.edge)
        tokens = self.embedding(seen.patches)
        seen.tokens.append(tokens)
        grid = tokens
        for number in range(config.blocks + 1):
            if self.token_learner is not None and number == config.insert_after:
                grid = tokens
                tokens = self._learn(self.token_learner, grid, seen)
            if self.token_fuser is not None and number == config.fuse_after:
                grid, _ = self.token_fuser(tokens, grid)
                tokens = self._learn(self.second_token_learner, grid, seen)
            if number < config.blocks:
                tokens, attention = self.encoder_blocks[number](tokens)
                seen.tokens.append(tokens)
                seen.attention.append(attention)
        return self._classify(tokens, dropout_seed), seen

    def named_weights(self) -> dict[str, tf.Variable]:
        """Every weight by its name within the model, such as `block_1/attention/query_kernel`."""
        return {weight.path.split("/", 1)[1]: weight.value for weight in self.weights}

    def _learn(self, token_learner: TokenLearner, tokens: tf.Tensor, seen: Seen) -> tf.Tensor:
        learned, maps = token_learner(tokens)
        seen.weight_maps.append(maps)
        seen.learned_tokens.append(learned)
        return learned

    def _classify(self, tokens: tf.Tensor, dropout_seed: tf.Tensor | None) -> tf.Tensor:
        if self.final_norm is not None:
            tokens = self.final_norm(tokens)
        pooled = tf.reduce_mean(tokens, axis=1)  # (batch, width)
        if self.hidden is not None:
            pooled = self.hidden(pooled)
        if dropout_seed is not None and self.config.dropout and self.config.dropout_connected:
            pooled = tf.nn.experimental.stateless_dropout(pooled, self.config.dropout, seed=dropout_seed)
        return self.classify(pooled)


def build(config: ModelConfig, seed: int = 0, *, initial: Initial | None = "glorot") -> VisionTransformer:
    """A model of this shape, with initial values that depend on the seed and on nothing else.

    `initial=None` leaves the values out (kernels are 0), for weights that are about to be loaded.
    """
    model = VisionTransformer(config)
    side = config.image_size
    model(tf.zeros((1, side, side, config.channels)))
    if initial is not None:
        mimetic = mimetic_values(config, seed) if initial == "mimetic" else {}
        for name, variable in model.named_weights().items():
            variable.assign(mimetic[name] if name in mimetic else initial_value(name, tuple(variable.shape), seed))
    return model
