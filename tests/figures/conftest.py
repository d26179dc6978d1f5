"""Made-up arrays with the shapes of a trace, and the pictures drawn from them. No TensorFlow."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from vitviz.config import ModelConfig


def _made_up(config: ModelConfig, seed: int = 0) -> SimpleNamespace:
    """What a trace holds, at random."""
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (config.image_size, config.image_size, config.channels)).astype(np.float32)
    side = config.grid * config.patch_size
    more = max(0, side - config.image_size)
    whole = np.pad(image, ((0, more), (0, more), (0, 0)))
    p = config.patch_size
    corners = [(r * p, c * p) for r in range(config.grid) for c in range(config.grid)]
    patches = np.stack([whole[y : y + p, x : x + p].ravel() for y, x in corners])
    attention = tuple(rng.dirichlet(np.ones(n), size=(config.heads, n)) for n in config.block_tokens)
    maps = None if config.n_maps is None else rng.uniform(size=(config.tokens, config.n_maps))
    return SimpleNamespace(config=config, image=image, patches=patches, attention=attention, weight_maps=maps)


@pytest.fixture
def made_up():
    """A function: configuration (and seed) in, arrays of a trace out."""
    return _made_up


@pytest.fixture
def value_at():
    """A function that reads a heatmap as the eye does: figure, trace, and a place on the axes; the colour's value."""

    def read(trace, x: float, y: float, values=None) -> float | np.ndarray:
        column = np.searchsorted(trace.x, x, side="right") - 1
        row = np.searchsorted(trace.y, y, side="right") - 1
        return np.asarray(trace.z if values is None else values)[row, column]

    return read
