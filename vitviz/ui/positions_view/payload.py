"""The cosines of both models as one compact run of bytes that the browser reads.

    4 bytes    length of the header, unsigned, little-endian
    header     JSON in UTF-8, padded with spaces so that what follows starts at a multiple of 4
    triangles  of each model, the cosines (p, q), p ≤ q, row by row: int16, little-endian, in steps of 1/32767

Of 49 patches that is 2.5 KB a model, of 196 it is 39 KB.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping

import numpy as np

from vitviz.figures.palette import DIVERGING, model_colour
from vitviz.figures.similarity import APART, GAP

STEPS = 32767


def pack(similarities: Mapping[str, np.ndarray], *, grid: int, patch_size: int) -> bytes:
    """The payload for one or two models.

    Args:
        similarities: per model, by its label, `(tokens, tokens)` cosines in [-1, 1], symmetric.
        patch_size: in pixels.

    Raises:
        ValueError: a matrix is not `(grid², grid²)`.
    """
    tokens = grid * grid
    for label, similarity in similarities.items():
        if similarity.shape != (tokens, tokens):
            raise ValueError(f"{label}: {tokens} patches have {tokens}×{tokens} cosines, not {similarity.shape}.")
    header = {
        "grid": grid,
        "patch": patch_size,
        "colours": list(DIVERGING),
        "apart": APART,
        "gap": GAP,
        "models": [{"name": label, "colour": model_colour(label)} for label in similarities],
    }
    upper = np.triu_indices(tokens)
    body = b"".join(np.rint(array[upper] * STEPS).astype("<i2").tobytes() for array in similarities.values())
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 4)
    return struct.pack("<I", len(head)) + head + body
