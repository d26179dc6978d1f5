"""Initial values of attention that imitate what large trained transformers look like (arXiv 2305.09828).

There, a head's `Wq·Wkᵀ` is a multiple of the identity plus noise, so that a patch begins by looking at patches like
itself, and `Wv·Wo` a negative multiple of it plus noise. Positions begin as the fixed sines and cosines of a grid, so
that neighbours begin alike. On small sets of pictures this is worth epochs (bench/RECIPE.md).
"""

from __future__ import annotations

import zlib

import numpy as np

from vitviz.config import ModelConfig

QUERY_KEY = (0.7, 0.7)  # noise, identity: the paper's section 4
VALUE_OUTPUT = (0.4, -0.4)
POSITION_SCALE = 0.5  # against tokens of about that size after the embedding
LONGEST_WAVE = 10_000.0  # of arXiv 1706.03762, section 3.5
SPARE = 0.02  # standard deviation where heads have more room than the matrix has rank: small, but not dead


def mimetic_values(config: ModelConfig, seed: int) -> dict[str, np.ndarray]:
    """The weights that start so, by name: every block's attention kernels, and the positions. All float32."""
    values = {"embedding/positions": POSITION_SCALE * grid_waves(config.grid, config.width)}
    width, heads, key_dim = config.width, config.heads, config.key_dim
    for number in range(1, config.blocks + 1):
        prefix = f"block_{number}/attention"
        random = np.random.default_rng([seed, zlib.crc32(prefix.encode())])
        pairs = [_factors(_noisy_identity(width, QUERY_KEY, random), key_dim, random) for _ in range(heads)]
        values[f"{prefix}/query_kernel"] = np.stack([left for left, _ in pairs], axis=1)  # (width, heads, key_dim)
        values[f"{prefix}/key_kernel"] = np.stack([right for _, right in pairs], axis=1)
        left, right = _factors(_noisy_identity(width, VALUE_OUTPUT, random), heads * key_dim, random)
        values[f"{prefix}/value_kernel"] = left.reshape(width, heads, key_dim)
        values[f"{prefix}/output_kernel"] = right.T.reshape(heads, key_dim, width)
    return {name: value.astype(np.float32) for name, value in values.items()}


def grid_waves(grid: int, width: int) -> np.ndarray:
    """Sines and cosines of row and column, `(grid², width)`: a quarter of the width for each of the four."""
    rows, columns = np.divmod(np.arange(grid**2), grid)
    quarter = -(-width // 4)
    frequencies = LONGEST_WAVE ** -np.linspace(0, 1, quarter)
    angles = [place[:, None] * frequencies for place in (rows, columns)]  # (grid², quarter) each
    return np.concatenate([wave(angle) for angle in angles for wave in (np.sin, np.cos)], axis=1)[:, :width]


def _noisy_identity(width: int, sizes: tuple[float, float], random: np.random.Generator) -> np.ndarray:
    noise, identity = sizes
    return noise * random.normal(size=(width, width)) / np.sqrt(width) + identity * np.eye(width)


def _factors(matrix: np.ndarray, rank: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """`(width, rank)` twice: left · rightᵀ is the matrix, or the nearest one of that rank."""
    u, sizes, v = np.linalg.svd(matrix)
    root = np.sqrt(sizes)
    return _fill(u * root, rank, random), _fill(v.T * root, rank, random)


def _fill(factor: np.ndarray, rank: int, random: np.random.Generator) -> np.ndarray:
    spare = SPARE * random.normal(size=(len(factor), max(rank - factor.shape[1], 0)))
    return np.concatenate([factor[:, :rank], spare], axis=1)
