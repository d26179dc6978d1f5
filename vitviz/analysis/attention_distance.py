"""How far each head looks: local heads against global ones.

"Mean attention distance" of Dosovitskiy et al. 2020 (arXiv 2010.11929), figure 7 and appendix D.7:
the distance between the query's patch and every other patch, weighted by attention, averaged over queries.
The paper averages over many pictures; this is the distance in one picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from vitviz.config import ModelConfig


def patch_distances(grid: int) -> np.ndarray:
    """Straight-line distance between the centres of every two patches, `(grid², grid²)`, in patches."""
    rows, columns = np.divmod(np.arange(grid * grid), grid)
    return np.hypot(rows[:, None] - rows[None, :], columns[:, None] - columns[None, :])


def attention_distance(
    config: ModelConfig, attention: Sequence[np.ndarray], unit: Literal["patches", "pixels"] = "patches"
) -> np.ndarray:
    """Mean attention distance of every block and head.

    Args:
        config: the network that the attention comes from.
        attention: one `(heads, T, T)` array per block, rows are queries.
        unit: `"patches"`, or `"pixels"` to compare different patch sizes.

    Returns:
        `(blocks, heads)`; NaN for blocks that read learned tokens, which have no place in the image.
    """
    distances = patch_distances(config.grid)  # (tokens, tokens)
    result = np.full((config.blocks, config.heads), np.nan)
    before_learner = config.blocks if config.n_maps is None else config.insert_after
    for block in range(before_learner):
        result[block] = (attention[block] * distances).sum(axis=-1).mean(axis=-1)  # (heads, T, T) -> (heads,)
    return result * config.patch_size if unit == "pixels" else result
