"""What the weight maps of a TokenLearner look at, how much of it, and how much they repeat one another.

Weight maps are `(tokens, n_maps)`: column `i` says how strongly each patch enters learned token `i`. In
v1 every value is in [0, 1] on its own; in v1.1 every column sums to 1. Everything but the mean is computed on
shares (each column divided by its sum), so that the two versions can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class MapStatistics:
    """One number per map, each an `(n_maps,)` array."""

    mean: np.ndarray  # of the raw weights
    entropy: np.ndarray  # 0: all on one patch; 1: the same everywhere
    coverage: np.ndarray  # share of the patches that the map effectively uses, 1/tokens … 1


def shares(weight_maps: np.ndarray) -> np.ndarray:
    """Each map as a distribution over the patches: `(tokens, n_maps)`, every column sums to 1.

    A map of zeros, which favours no patch, becomes the even distribution.
    """
    maps = np.asarray(weight_maps, dtype=np.float64)
    sums = maps.sum(axis=0, keepdims=True)  # (1, n_maps)
    return np.divide(maps, sums, out=np.full_like(maps, 1.0 / len(maps)), where=sums > 0)


def statistics(weight_maps: np.ndarray) -> MapStatistics:
    """Mean, normalised entropy and coverage of every map of `(tokens, n_maps)`.

    Entropy is Shannon's, divided by log(tokens). Coverage is the effective number of patches,
    1 / Σ share² (inverse Simpson index), over the number of patches.
    """
    share = shares(weight_maps)
    tokens = len(share)
    logs = np.log(share, out=np.zeros_like(share), where=share > 0)
    entropy = -(share * logs).sum(axis=0) / np.log(tokens) if tokens > 1 else np.ones(share.shape[1])
    coverage = 1.0 / (np.square(share).sum(axis=0) * tokens)
    mean = np.asarray(weight_maps, dtype=np.float64).mean(axis=0)
    return MapStatistics(mean, np.clip(entropy, 0.0, 1.0), np.clip(coverage, 0.0, 1.0))


def overlap(weight_maps: np.ndarray) -> np.ndarray:
    """The share of weight that two maps put on the same patches: Σ_p min(share_i, share_j).

    Returns:
        `(n_maps, n_maps)` in [0, 1]: 0 for maps with no patch in common, 1 for maps of the same form.
    """
    share = shares(weight_maps).T  # (n_maps, tokens)
    common = np.minimum(share[:, None, :], share[None, :, :]).sum(axis=-1)  # (n_maps, n_maps)
    return np.clip(common, 0.0, 1.0).astype(np.float32)


def carry(attention_rows: np.ndarray, weight_maps: np.ndarray) -> np.ndarray:
    """Attention over learned tokens, brought back to the patches that the tokens were made of.

    Args:
        attention_rows: `(..., n_maps)`, attention of any queries to the learned tokens.
        weight_maps: `(tokens, n_maps)`.

    Returns:
        `(..., tokens)`; each row keeps its sum, so that attention still sums to 1.
    """
    return np.asarray(attention_rows, dtype=np.float64) @ shares(weight_maps).T
