"""A frame: what one model sees in the fixed pictures after one epoch, a byte per value, on scales that never change.

- attention, weight maps and probabilities, all in [0, 1], as their square root: `value = (byte / 255)²`. Wrong by at
  most `√value / 255`, so that small shares keep their differences.
- cosines, in [-1, 1]: `value = byte / 127.5 − 1`. Wrong by at most 1/255.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitviz.analysis.maps import shares
from vitviz.analysis.similarity import cosine_similarity
from vitviz.config import ModelConfig

if TYPE_CHECKING:
    from vitviz.models import VisionTransformer

DIVERGED = "the model answers with no numbers after this epoch: its training had diverged"


class NoFrameError(Exception):
    """Why an epoch cannot be shown, in words that end a sentence."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Everything is uint8; `P` pictures, `T_k` tokens in layer `k`.

    Attributes:
        positions: `(tokens, tokens)`, cosines of the positional embeddings.
        attention: per layer `(P, heads, T_k, T_k)`, or `(P, 1, T_k, T_k)` for the mean of the heads.
        weight_maps: per TokenLearner `(P, tokens, n_maps)`.
        probabilities: `(P, classes)`.
        map_peaks: `(P,)` floats: the largest weight in any map; 0 without a TokenLearner.
    """

    positions: np.ndarray
    attention: tuple[np.ndarray, ...]
    weight_maps: tuple[np.ndarray, ...]
    probabilities: np.ndarray
    map_peaks: np.ndarray

    @property
    def nbytes(self) -> int:
        """About the memory that it takes."""
        arrays = (self.positions, *self.attention, *self.weight_maps, self.probabilities)
        return sum(array.nbytes for array in arrays) + 500

    def bytes_of(self, picture: int) -> bytes:
        """What the browser gets for one picture: positions, attention by layer, maps by TokenLearner, answer."""
        parts = [self.positions, *(layer[picture] for layer in self.attention)]
        parts += [maps[picture] for maps in self.weight_maps] + [self.probabilities[picture]]
        return b"".join(np.ascontiguousarray(part).tobytes() for part in parts)


def as_root(values: np.ndarray) -> np.ndarray:
    """Values in [0, 1] as bytes."""
    return np.rint(255.0 * np.sqrt(np.clip(values, 0.0, 1.0))).astype(np.uint8)


def from_root(values: np.ndarray) -> np.ndarray:
    """The inverse of `as_root`, float32."""
    return np.square(values.astype(np.float32) / 255.0)


def as_cosine(values: np.ndarray) -> np.ndarray:
    """Values in [-1, 1] as bytes."""
    return np.rint(127.5 * (np.clip(values, -1.0, 1.0) + 1.0)).astype(np.uint8)


def observer(model: VisionTransformer) -> Callable:
    """A function: pictures in; logits, attention by layer and weight maps out. Compiled, for many epochs' weights.

    Measured for a batch of 10 at patch size 4: 12 ms after 0.7 s for the first, where it takes 80 ms uncompiled.
    """
    import tensorflow as tf

    config = model.config
    shape = (None, config.image_size, config.image_size, config.channels)

    @tf.function(autograph=False)
    def observe(images: tf.Tensor) -> tuple:
        logits, seen = model.observe(images)
        return logits, seen.attention, seen.weight_maps

    return observe.get_concrete_function(tf.TensorSpec(shape, tf.uint8))


def make_frame(model: VisionTransformer, observe: Callable, images: np.ndarray, every_head: bool) -> Frame:
    """The frame of a model with the weights that it has now.

    Raises:
        NoFrameError: the model computes no numbers.
    """
    import tensorflow as tf

    logits, attention, maps = observe(tf.constant(images))
    logits, maps = logits.numpy(), [one.numpy() for one in maps]
    layers = [layer.numpy() for layer in attention]  # (P, heads, T_k, T_k)
    if not np.isfinite(logits).all():
        raise NoFrameError(DIVERGED)
    if not every_head:
        layers = [layer.mean(axis=1, keepdims=True) for layer in layers]
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return Frame(
        positions=as_cosine(cosine_similarity(model.embedding.positions.numpy())),
        attention=tuple(as_root(layer) for layer in layers),
        weight_maps=tuple(as_root(one) for one in maps),
        probabilities=as_root(exponents / exponents.sum(axis=1, keepdims=True)),
        map_peaks=np.max([one.max(axis=(1, 2)) for one in maps], axis=0) if maps else np.zeros(len(images)),
    )


def patch_attention(
    config: ModelConfig, layer: int, attention: np.ndarray, maps: Sequence[np.ndarray]
) -> np.ndarray:
    """A layer's attention `(heads, T, T)` from patch to patch, `(heads, tokens, tokens)`.

    Attention between learned tokens is entered and left through the weight maps: a patch counts in each learned
    token by its share of that patch's weights, and a token stands for the patches by its map's shares.
    """
    if config.n_maps is None or layer < config.insert_after:
        return attention
    second = config.fuse_after is not None and layer >= config.fuse_after
    own = maps[1 if second else 0]  # (tokens, n_maps)
    feeds, reads = shares(own.T).T, shares(own).T  # (tokens, n_maps), (n_maps, tokens)
    return feeds @ attention @ reads
