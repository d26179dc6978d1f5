"""The arrays of an attention explorer as one compact run of bytes that the browser reads without a copy.

    4 bytes    length of the header, unsigned, little-endian
    header     JSON in UTF-8, padded with spaces so that what follows starts at a multiple of 4
    sections   the arrays, little-endian, each starting at a multiple of 4

An array is described in the header as `{"type", "shape", "at"}`, `at` counted from the end of the header:

- `float32`, `uint8`: the values as they are.
- `float16`: attention of small grids. Wrong by at most 2⁻¹¹ of the value (2⁻²⁵ near zero): three digits hold.
- `row-uint8`: attention of large grids. Each row (one query of one head) is `round(255 · row / max(row))`, and
  `max_at` is where the rows' maxima stand as float32. Wrong by at most 1/510 of the row's maximum.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

# Above this many attention values (256 KB as float16), rows are sent as bytes: patch size 4 of a 28×28 picture
# has 58,000 values for both models of 4 blocks and 4 heads, patch size 2 has 922,000.
MOST_FLOAT16_VALUES = 2**17


@dataclass(frozen=True)
class ExplorerModel:
    """What the explorer shows of one model.

    Attributes:
        name: as people read it.
        colour: its fixed colour, a CSS colour.
        attention: one `(heads, T, T)` array per layer, row = query.
        weight_maps: `(tokens, n_maps)` of each TokenLearner, in the order of the network; none for a ViT.
        learned_from: for each TokenLearner, the number of layers before it.
        weights_are_shares: the maps sum to 1 over the picture (v1.1) instead of being in [0, 1] each (v1).
        distance: `(layers, heads)` mean attention distance in patches, NaN where there is none; or None.
    """

    name: str
    colour: str
    attention: Sequence[np.ndarray]
    weight_maps: Sequence[np.ndarray] = ()
    learned_from: Sequence[int] = ()
    weights_are_shares: bool = False
    distance: np.ndarray | None = None

    @classmethod
    def from_trace(cls, trace: Any, *, name: str, colour: str, distance: np.ndarray | None = None) -> ExplorerModel:
        """The part of a `vitviz.trace.Trace` that the explorer needs."""
        config = trace.config
        learners = [(trace.weight_maps, config.insert_after), (trace.second_weight_maps, config.fuse_after)]
        present = [(maps, before) for maps, before in learners if maps is not None]
        return cls(
            name=name, colour=colour, attention=trace.attention, distance=distance,
            weight_maps=[maps for maps, _ in present], learned_from=[before for _, before in present],
            weights_are_shares=config.token_learner == "v1.1",
        )

    @property
    def tokens(self) -> int:
        """Patches of the picture."""
        if self.weight_maps:
            return len(self.weight_maps[0])
        return self.attention[0].shape[-1]

    def learner_of(self, layer: int) -> int:
        """Which TokenLearner's tokens the layer reads; -1: it reads the patches."""
        return sum(before <= layer for before in self.learned_from) - 1


def pack(
    image: np.ndarray, models: Sequence[ExplorerModel], *, patch_size: int, colours: Sequence[str],
    extra: dict[str, Any] | None = None,
) -> bytes:
    """The payload for a picture `(H, W, C)`, 0…255, and one or two models.

    `colours` are the stops of the sequential scale, from low to high, as `#rrggbb`. `extra` joins the header
    as it is, and does not count as a change of the arrays.

    Raises:
        ValueError: no model or more than two, arrays that do not fit one another, or a grid that is no square.
    """
    _check(image, models)
    sections = _Sections()
    values = sum(layer.size for model in models for layer in model.attention)
    compact = values > MOST_FLOAT16_VALUES
    tokens = models[0].tokens
    header = {
        "patch": patch_size,
        "grid": round(tokens**0.5),
        "digits": 2 if compact else 3,
        "colours": list(colours),
        "image": sections.add(np.clip(np.rint(image), 0, 255).astype(np.uint8)),
        "models": [
            {
                "name": model.name,
                "colour": model.colour,
                "shares": model.weights_are_shares,
                "layers": [
                    {"learner": model.learner_of(k), "attention": sections.add_attention(layer, compact)}
                    for k, layer in enumerate(model.attention)
                ],
                "learners": [
                    {"before": int(before), "maps": sections.add(np.asarray(maps, dtype="<f4"))}
                    for maps, before in zip(model.weight_maps, model.learned_from, strict=True)
                ],
                "distance": _nested(model.distance),
            }
            for model in models
        ],
    }
    body = b"".join(sections.parts)
    # The browser keeps what it has decoded as long as the digest stays the same
    digest = hashlib.blake2b(json.dumps(header).encode() + body, digest_size=8).hexdigest()
    head = json.dumps(header | {"digest": digest} | (extra or {})).encode()
    head += b" " * (-len(head) % 4)
    return struct.pack("<I", len(head)) + head + body


class _Sections:
    """Collects arrays, each padded to a multiple of 4 bytes."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.length = 0

    def add(self, array: np.ndarray, kind: str | None = None) -> dict[str, Any]:
        data = np.ascontiguousarray(array).tobytes()
        data += b"\0" * (-len(data) % 4)
        described = {"type": kind or array.dtype.name, "shape": list(array.shape), "at": self.length}
        self.parts.append(data)
        self.length += len(data)
        return described

    def add_attention(self, attention: np.ndarray, compact: bool) -> dict[str, Any]:
        attention = np.asarray(attention, dtype=np.float32)  # (heads, T, T)
        if not compact:
            return self.add(attention.astype("<f2"))
        largest = attention.max(axis=-1, keepdims=True)  # (heads, T, 1)
        steps = np.rint(255.0 * attention / np.maximum(largest, np.finfo(np.float32).tiny))
        described = self.add(steps.astype(np.uint8), "row-uint8")
        return described | {"max_at": self.add(largest.astype("<f4"))["at"]}


def _nested(array: np.ndarray | None) -> list[list[float | None]] | None:
    """JSON has no NaN: None stands for it."""
    if array is None:
        return None
    return [[round(float(value), 4) if np.isfinite(value) else None for value in row] for row in array]


def _check(image: np.ndarray, models: Sequence[ExplorerModel]) -> None:
    if image.ndim != 3 or image.shape[2] not in (1, 3):
        raise ValueError(f"The picture must be (height, width, 1 or 3), not {image.shape}.")
    if not 1 <= len(models) <= 2:
        raise ValueError(f"The explorer shows one or two models, not {len(models)}.")
    tokens = models[0].tokens
    if round(tokens**0.5) ** 2 != tokens:
        raise ValueError(f"The patches must form a square grid; {tokens} tokens do not.")
    for model in models:
        if model.tokens != tokens:
            raise ValueError(f"Both models must cut the picture alike: {tokens} patches and {model.tokens} do not fit.")
        if len(model.weight_maps) != len(model.learned_from):
            raise ValueError(f"{model.name}: every TokenLearner needs its weight maps and its place.")
        for k, layer in enumerate(model.attention):
            learner = model.learner_of(k)
            length = tokens if learner < 0 else model.weight_maps[learner].shape[1]
            if layer.ndim != 3 or layer.shape[1:] != (length, length):
                raise ValueError(
                    f"{model.name}, layer {k + 1}: attention must be (heads, {length}, {length}), not {layer.shape}."
                )
