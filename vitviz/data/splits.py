"""Choosing pictures: a subset of classes, the first N, and the part that is held out for validation."""

from __future__ import annotations

import math

import numpy as np

from .dataset import Split
from .errors import DataError


def choose(labels: np.ndarray, *, classes: int, limit: int | None) -> np.ndarray:
    """Positions of the pictures to keep, in their old order.

    Kept are the labels 0 … classes−1 and of those the first `limit`. Where the first `limit` would miss a
    class, its first picture takes the place of the latest one that is not the first of its own class: so
    every class is there, or as many as `limit` allows. On a mixed set this is simply the first `limit`.

    Args:
        labels: `(N,)` whole numbers.
        classes: how many classes to keep.
        limit: how many pictures at most; None keeps all.

    Returns:
        `(M,)` int64, ascending.
    """
    kept = np.flatnonzero(labels < classes)
    if limit is None or len(kept) <= limit:
        return kept
    _, firsts = np.unique(labels[kept], return_index=True)  # positions within `kept`
    firsts = np.sort(firsts)[:limit]
    others = np.setdiff1d(np.arange(len(kept)), firsts)  # ascending
    return kept[np.sort(np.concatenate([firsts, others[: limit - len(firsts)]]))]


def check_choice(classes: int | None, limit: int | None, available: int) -> int:
    """The number of classes to keep, all where `classes` is None.

    Raises:
        DataError: `classes` is not from 2 to `available`, or `limit` is below 1.
    """
    if limit is not None and limit < 1:
        raise DataError(f"limit must be at least 1 picture, not {limit}; leave it out to use them all.")
    if classes is None:
        return available
    if not 2 <= classes <= available:
        raise DataError(f"classes must be from 2 to {available}, the number this set has, not {classes}.")
    return classes


def hold_out(split: Split, fraction: float) -> tuple[Split, Split]:
    """The split without its last `fraction`, and that last part, exactly as Keras' `validation_split` cuts.

    Keras keeps `floor(n · (1 − fraction))` pictures for training, in floating-point arithmetic: of 24,000
    with 0.33 it keeps 16,079, not 16,080. A fraction of 0 holds nothing out.

    Returns:
        `(train, validation)`, views of the same pictures.

    Raises:
        DataError: the fraction is not within [0, 1), or one of the two parts would be empty.
    """
    if not 0 <= fraction < 1:
        raise DataError(f"The fraction to hold out must be at least 0 and below 1, not {fraction}.")
    n_train = math.floor(len(split) * (1.0 - fraction))
    if fraction > 0 and n_train in (0, len(split)):
        raise DataError(
            f"{len(split)} picture(s) cannot be divided with a fraction of {fraction} held out: "
            "one part would be empty. Use more pictures or another fraction."
        )
    return split.take(slice(None, n_train)), split.take(slice(n_train, None))
