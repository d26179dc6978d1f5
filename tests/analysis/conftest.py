"""A made-up forward pass with the shapes of a trace, so that these tests need no TensorFlow."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from vitviz.config import ModelConfig


def _softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _made_up_trace(config: ModelConfig, seed: int = 0) -> SimpleNamespace:
    rng = np.random.default_rng(seed)
    attention = tuple(_softmax(rng.normal(size=(config.heads, n, n)) * 2) for n in config.block_tokens)
    maps = fused = None
    if config.n_maps is not None:
        raw = rng.normal(size=(config.tokens, config.n_maps))
        maps = 1 / (1 + np.exp(-raw)) if config.token_learner == "v1" else _softmax(raw, axis=0)
        fused = _softmax(raw[::-1], axis=0) if config.fuse_after is not None else None
    return SimpleNamespace(config=config, attention=attention, weight_maps=maps, second_weight_maps=fused)


@pytest.fixture
def made_up_trace():
    """A function: configuration (and seed) in, trace out."""
    return _made_up_trace
