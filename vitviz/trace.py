"""Everything that one forward pass of one picture reveals, as NumPy arrays with named shapes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitviz.config import ModelConfig

if TYPE_CHECKING:
    from vitviz.models import VisionTransformer


@dataclass(frozen=True)
class Trace:
    """One picture on its way through one model. All arrays are float32.

    `T_k` is the length of the sequence that block `k + 1` reads (`config.block_tokens[k]`): the number of patches,
    or `n_maps` after a TokenLearner. Patches are numbered row by row from the top left.

    Attributes:
        image: `(H, W, C)`, 0…255.
        patches: `(tokens, patch_size²·C)`, 0…255; padded pixels are 0.
        position_embedding: `(tokens, width)`.
        tokens: `blocks + 1` arrays: `tokens[0]`, `(tokens, width)`, follows the embedding, and `tokens[k]`,
            `(T_(k-1), width)`, follows block `k`.
        attention: `blocks` arrays `(heads, T_k, T_k)`; row = query, and every row sums to 1.
        weight_maps: `(tokens, n_maps)`: what each patch weighs in each learned token. None for a ViT.
        learned_tokens: `(n_maps, width)`. None for a ViT.
        second_weight_maps, second_learned_tokens: the same of the TokenLearner after a TokenFuser, or None.
        logits, probabilities: `(classes,)`.
    """

    config: ModelConfig
    image: np.ndarray
    patches: np.ndarray
    position_embedding: np.ndarray
    tokens: tuple[np.ndarray, ...]
    attention: tuple[np.ndarray, ...]
    weight_maps: np.ndarray | None
    learned_tokens: np.ndarray | None
    second_weight_maps: np.ndarray | None
    second_learned_tokens: np.ndarray | None
    logits: np.ndarray
    probabilities: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays under the names that `vitviz trace` writes; what a model does not have is left out."""
        named = {"image": self.image, "patches": self.patches, "position_embedding": self.position_embedding}
        named |= {f"tokens_{k}": array for k, array in enumerate(self.tokens)}
        named |= {f"attention_{k}": array for k, array in enumerate(self.attention)}
        learners = ("weight_maps", "learned_tokens", "second_weight_maps", "second_learned_tokens")
        named |= {name: getattr(self, name) for name in learners if getattr(self, name) is not None}
        return named | {"logits": self.logits, "probabilities": self.probabilities}


def trace(model: VisionTransformer, image: np.ndarray, observe: Callable | None = None) -> Trace:
    """Runs one picture, `(H, W, C)` with values 0…255, through the model, and keeps all that was seen.

    `observe` stands in for `model.observe`: see `vitviz.trained.compile_observe`.

    Raises:
        ValueError: the picture does not have the shape that the model reads.
    """
    from vitviz.models.tokenizer import cut_patches  # here, so that reading a Trace needs no TensorFlow

    config = model.config
    shape = (config.image_size, config.image_size, config.channels)
    if image.shape != shape:
        raise ValueError(f"This model reads pictures of shape {shape}, not {image.shape}: scale or convert it first.")
    logits, seen = (observe or model.observe)(image[None])
    logits = logits.numpy()[0]
    exponents = np.exp(logits - logits.max())
    maps = [array.numpy()[0] for array in seen.weight_maps] + [None, None]
    learned = [array.numpy()[0] for array in seen.learned_tokens] + [None, None]
    return Trace(
        config=config,
        image=image.astype(np.float32),
        patches=cut_patches(image[None].astype(np.float32), config.patch_size, config.edge).numpy()[0],
        position_embedding=model.embedding.positions.numpy(),
        tokens=tuple(array.numpy()[0] for array in seen.tokens),
        attention=tuple(array.numpy()[0] for array in seen.attention),
        weight_maps=maps[0],
        learned_tokens=learned[0],
        second_weight_maps=maps[1],
        second_learned_tokens=learned[1],
        logits=logits,
        probabilities=exponents / exponents.sum(),
    )
