"""How alike vectors are: the cosine of the angle between them."""

from __future__ import annotations

import numpy as np


def cosine_similarity(vectors: np.ndarray) -> np.ndarray:
    """Cosine between every two rows.

    Args:
        vectors: `(n, width)`, for example the positional embeddings or the learned tokens.

    Returns:
        `(n, n)` in [-1, 1], symmetric. The diagonal is 1, except for a vector of zeros: it has no
        direction, and its cosine with everything is given as 0.
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)  # (n, 1)
    directions = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return np.clip(directions @ directions.T, -1.0, 1.0).astype(np.float32)  # (n, n)


def mean_of_pairs(matrix: np.ndarray) -> float:
    """The mean over all pairs of different rows of a symmetric `(n, n)` matrix; NaN for a single row.

    One number for "how alike are they all": near 1, the maps (or tokens) repeat one another.
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    n = len(matrix)
    if n < 2:
        return float("nan")
    return float((matrix.sum() - np.trace(matrix)) / (n * (n - 1)))
