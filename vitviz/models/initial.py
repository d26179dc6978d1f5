"""Initial values that depend on the seed and on the name of the weight, and on nothing else.

A ViT and a fast ViT of the same seed therefore start alike wherever they have a layer in common, and no state of
the process is touched, so that a page can build a model while another one is building its own.
"""

from __future__ import annotations

import math
import zlib

import numpy as np

POSITION_RANGE = 0.05  # Keras' Embedding, which the tutorial uses, draws from −0.05…0.05


def initial_value(name: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """The value that Keras' layers would draw for such a weight, as float32 of `shape`.

    Kernels are drawn by Glorot and Bengio's uniform rule (AISTATS 2010, equation 16), positions uniformly, norms
    start at 1 and 0, biases at 0, and the TokenFuser's mixing matrix at 0.
    """
    last = name.rsplit("/", 1)[-1]
    random = np.random.default_rng([seed, zlib.crc32(name.encode())])
    if last == "gamma":
        return np.ones(shape, np.float32)
    if last == "positions":
        return random.uniform(-POSITION_RANGE, POSITION_RANGE, shape).astype(np.float32)
    if "kernel" in last:
        limit = _glorot_limit(shape)
        return random.uniform(-limit, limit, shape).astype(np.float32)
    return np.zeros(shape, np.float32)


def _glorot_limit(shape: tuple[int, ...]) -> float:
    # As Keras counted in 2022: all axes but the last two are a receptive field, also of attention's three-axis kernels
    field = math.prod(shape[:-2])
    return math.sqrt(6.0 / (field * (shape[-2] + shape[-1])))
