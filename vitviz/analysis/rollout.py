"""Attention rollout: where a token's content comes from after several blocks, as shares of the patches.

Abnar & Zuidema 2020 (arXiv 2005.00928), section 3: in every block, average the heads, add the identity for
the residual connection, make the rows sum to 1 again, and multiply onto the blocks before. A TokenLearner is
one more step of the same product, but a rectangular one: learned token `i` takes patch `p` in the share
that map `i` gives it, so the step is the row-normalised transpose of the weight maps, (n_maps × tokens).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from vitviz.analysis.maps import shares
from vitviz.config import ModelConfig


class Seen(Protocol):
    """The part of a trace that rollout reads."""

    config: ModelConfig
    attention: Sequence[np.ndarray]  # one (heads, T, T) per block
    weight_maps: np.ndarray | None  # (tokens, n_maps)
    second_weight_maps: np.ndarray | None  # (tokens, n_maps), of the second TokenLearner


def rollout(trace: Seen, upto_block: int | None = None) -> np.ndarray:
    """The share of every patch in every token that block `upto_block` puts out.

    Args:
        trace: one forward pass of one picture.
        upto_block: how many blocks to follow, 0 … blocks; None: all of them.

    Returns:
        `(T, tokens)` with T the length of the sequence that the block reads; rows sum to 1. For
        `upto_block=0`, the identity.

    Raises:
        ValueError: `upto_block` is not one of the network's blocks.

    At a TokenFuser, half of each patch is the grid before the TokenLearner (the residual) and half the
    learned tokens, spread by the first weight maps. The fuser's own spreading is not part of a trace; this is
    the one step that is an assumption and not a reading.
    """
    config = trace.config
    last = config.blocks if upto_block is None else upto_block
    if not 0 <= last <= config.blocks:
        raise ValueError(f"upto_block must be from 0 to {config.blocks}, the number of blocks, not {last}.")

    return _follow(trace, last)[0]


def answer_rollout(trace: Seen) -> np.ndarray:
    """The share of every patch in the average that the answer is read from: `(tokens,)`, sums to 1.

    Follows all blocks, and a TokenLearner that stands after the last of them.
    """
    flow, grid = _follow(trace, trace.config.blocks)
    flow, _ = _through_learner(trace, trace.config.blocks, flow, grid)
    return flow.mean(axis=0)


def attention_step(attention: np.ndarray) -> np.ndarray:
    """One block's `(heads, T, T)` attention as one `(T, T)` step: the mean head, half residual."""
    mean = np.asarray(attention, dtype=np.float64).mean(axis=0)  # (T, T)
    step = mean + np.eye(len(mean))
    return step / step.sum(axis=-1, keepdims=True)


def _follow(trace: Seen, blocks: int) -> tuple[np.ndarray, np.ndarray]:
    """The flow after so many blocks, and the flow on the grid before the last TokenLearner (for a fuser)."""
    flow = grid = np.eye(trace.config.tokens)  # (tokens, tokens)
    for block in range(blocks):
        flow, grid = _through_learner(trace, block, flow, grid)
        flow = attention_step(trace.attention[block]) @ flow  # (T, tokens)
    return flow, grid


def _through_learner(
    trace: Seen, blocks_before: int, flow: np.ndarray, grid: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The TokenLearner, or the fuser and the second TokenLearner, where one stands after so many blocks."""
    config = trace.config
    if config.n_maps is None:
        return flow, grid
    if blocks_before == config.insert_after:
        return shares(trace.weight_maps).T @ flow, flow  # (n_maps, tokens)
    if blocks_before == config.fuse_after:
        fused = 0.5 * grid + 0.5 * _row_shares(trace.weight_maps) @ flow  # (tokens, tokens)
        return shares(trace.second_weight_maps).T @ fused, fused  # (n_maps, tokens)
    return flow, grid


def _row_shares(weight_maps: np.ndarray) -> np.ndarray:
    """For every patch, how it divides between the learned tokens: `(tokens, n_maps)`, rows sum to 1."""
    return shares(np.asarray(weight_maps).T).T
