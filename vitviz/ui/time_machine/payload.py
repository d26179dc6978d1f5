"""All frames of one picture as one run of bytes that the browser reads: it then needs the server no more.

    4 bytes    length of the header, unsigned, little-endian
    header     JSON in UTF-8, padded with spaces so that what follows starts at a multiple of 4
    body       uint8: the picture, all fixed pictures, and the frames

A frame's bytes, one after the other: cosines `(tokens, tokens)`; attention of each layer `(heads, T, T)`; weight maps
of each TokenLearner `(tokens, n_maps)`; probabilities `(classes,)`. What a byte means: see `frames.py`.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Mapping
from typing import Any

from vitviz.figures.palette import DIVERGING, SEQUENTIAL, model_colour
from vitviz.ui.time_machine.films import Film, Training
from vitviz.ui.time_machine.fixed_pictures import FixedPictures
from vitviz.ui.time_machine.frames import Frame

# The scale of attention ends at so many times the even share of 1/tokens: the same for every epoch, model and picture
ATTENTION_SCALE = 16

Frames = Mapping[int, Frame | str]  # by epoch; a text is the reason why there is none


def pack(
    training: Training, frames: Mapping[str, Frames], pictures: FixedPictures, picture: int, extra: dict[str, Any]
) -> bytes:
    """The payload for one of the fixed pictures.

    `frames` are those of each model, by its label. `extra` joins the header, and does not count as a change.
    """
    body = _Body()
    config = training.config
    header = {
        "grid": config.grid,
        "patch": config.patch_size,
        "image": body.add(pictures.images[picture].tobytes()) | {"shape": list(pictures.images[picture].shape)},
        "pictures": body.add(pictures.images.tobytes()) | {"names": list(pictures.names)},
        "picture": picture,
        "label": pictures.labels[picture],
        "classes": list(training.class_names or pictures.class_names)
        or [f"class {number}" for number in range(config.classes)],
        "last": max((epoch for one in frames.values() for epoch in one), default=0),
        "planned": training.train.epochs,
        "working": training.at_work,
        "heads": config.heads if training.every_head() else 1,
        "thinned": any(len(training.epochs(film)) < len(film.snapshots.epochs()) for film in training.films),
        "attentionTop": min(1.0, ATTENTION_SCALE / config.tokens),
        "sequential": list(SEQUENTIAL),
        "diverging": list(DIVERGING),
        "models": [_model(film, frames.get(film.label, {}), picture, body) for film in training.films],
    }
    content = b"".join(body.parts)
    # The browser keeps what it has decoded as long as the digest stays the same
    digest = hashlib.blake2b(json.dumps(header).encode() + content, digest_size=8).hexdigest()
    head = json.dumps(header | {"digest": digest} | extra).encode()
    head += b" " * (-len(head) % 4)
    return struct.pack("<I", len(head)) + head + content


def _model(film: Film, frames: Frames, picture: int, body: _Body) -> dict[str, Any]:
    config = film.config
    whole = {epoch: frame for epoch, frame in sorted(frames.items()) if isinstance(frame, Frame)}
    places = [config.insert_after, config.fuse_after] if config.n_maps is not None else []
    v1 = config.token_learner == "v1"
    return {
        "name": film.label,
        "colour": model_colour(film.label),
        "lengths": list(config.block_tokens),
        "learners": [{"before": before, "n": config.n_maps} for before in places if before is not None],
        # v1.1's maps sum to 1: their scale ends at the largest weight of all epochs
        "mapTop": 1.0 if v1 else max((float(frame.map_peaks[picture]) for frame in whole.values()), default=1.0),
        "frames": [{"epoch": epoch} | body.add(frame.bytes_of(picture)) for epoch, frame in whole.items()],
        "missing": {str(epoch): frame for epoch, frame in frames.items() if isinstance(frame, str)},
        "accuracy": [[epoch, value] for epoch, value in film.accuracy().items() if math.isfinite(value)],
    }


class _Body:
    """Collects runs of bytes, and says where each begins."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.length = 0

    def add(self, part: bytes) -> dict[str, Any]:
        at = self.length
        self.parts.append(part)
        self.length += len(part)
        return {"type": "uint8", "at": at, "length": len(part)}
