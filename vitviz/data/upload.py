"""One picture that a person brings, as the model wants to see it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from .pictures import MAX_SIDE, check_channels, check_image_size, open_picture, plain, square


@dataclass(frozen=True, eq=False)
class Upload:
    """A picture ready for a model.

    Args:
        image: `(H, W, C)` uint8, what the model reads.
        original: the picture upright, on white, whole, in 8 bits; at most 1,024 pixels a side.
        inverted: whether dark and bright were exchanged in `image`.
        notes: what was done to it, in words for a person, in order.
    """

    image: np.ndarray
    original: Image.Image
    inverted: bool
    notes: tuple[str, ...]


def picture_to_image(
    source: Path | str | BinaryIO | bytes | Image.Image,
    *,
    image_size: int,
    channels: int,
    invert: bool | None = None,
) -> Upload:
    """Any picture as `image_size`² pixels with `channels` values each.

    In order: the first frame, turned upright, on white; the middle square; scaled; grey where `channels`
    is 1; inverted. Fashion-MNIST and MNIST show bright things on black, most pictures the reverse: with
    `invert=None` a grey picture is inverted where its border is bright (above 127) and brighter than its
    middle. A colour picture is inverted only on demand.

    Args:
        source: a path, an open binary file, the bytes, or a Pillow picture.
        image_size: the side in pixels.
        channels: 1 or 3.
        invert: True or False overrules the look at the border.

    Raises:
        DataError: not a picture, damaged, too large (above 50 million pixels), or a bad size or channels.
    """
    check_image_size(image_size)
    check_channels(channels)
    if isinstance(source, Image.Image):
        original, notes = plain(source, called="The picture")
    else:
        source = Path(source) if isinstance(source, str) else source
        called = str(source) if isinstance(source, Path) else "The upload"
        original, notes = open_picture(source, called=called)
    if original.width != original.height:
        notes += (f"cut to the middle square of {original.width} × {original.height}",)
    if channels == 1 and original.mode != "L":
        notes += ("read in shades of grey",)
    picture = square(original.convert("L" if channels == 1 else "RGB"), image_size)
    image = np.asarray(picture).reshape(image_size, image_size, channels)
    if invert is None:
        invert = channels == 1 and _dark_on_bright(original)
        if invert:
            notes += ("dark and bright exchanged: the set shows bright things on black",)
    if invert:
        image = 255 - image
    original.thumbnail((MAX_SIDE, MAX_SIDE))
    return Upload(image=image, original=original, inverted=invert, notes=notes)


def _dark_on_bright(picture: Image.Image) -> bool:
    # Always judged on 28 × 28, so that the answer does not change with the model's image size.
    small = np.asarray(square(picture.convert("L"), 28), np.float64)
    inside = np.zeros(small.shape, bool)
    inside[2:-2, 2:-2] = True
    middle = small[7:21, 7:21]
    border = small[~inside]
    return bool(border.mean() > 127 and border.mean() > middle.mean())
