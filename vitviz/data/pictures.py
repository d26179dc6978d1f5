"""A picture as people have them, turned into a square of bytes: the steps a folder and an upload share."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps

from .errors import DataError

# What may be opened: few decoders, so that little code sees a stranger's file.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")

MAX_PIXELS = 50_000_000  # about 150 MB as RGB; more than any phone takes by default
MAX_SIDE = 1024  # the largest image_size; a larger JPEG is decoded at a fraction of its size

_SIXTEEN_BIT = ("I;16", "I;16B", "I;16L", "I;16N")
_WITH_ALPHA = ("RGBA", "LA", "PA", "La", "RGBa")


def open_picture(source: Path | BinaryIO | bytes, *, called: str) -> tuple[Image.Image, tuple[str, ...]]:
    """The first frame of a picture file, upright, as 8-bit `L` or `RGB` on white.

    Args:
        source: a path, an open binary file, or the bytes.
        called: what to call the picture in an error.

    Returns:
        The picture, and in words what was done to it beyond decoding.

    Raises:
        DataError: not a picture of a known format, damaged, or too large.
    """
    if isinstance(source, bytes):
        source = io.BytesIO(source)
    try:
        with Image.open(source, formats=FORMATS) as opened:
            _check_size(opened, called)
            opened.draft(None, (MAX_SIDE, MAX_SIDE))  # JPEG only: never below MAX_SIDE
            opened.load()
            return _upright_on_white(opened)
    except DataError:
        raise
    except Image.DecompressionBombError:
        raise DataError(_too_large(called)) from None
    # Decoders of damaged files raise nearly anything: OSError, ValueError, SyntaxError, struct.error, …
    except Exception as error:
        reason = (
            "no picture of a known format" if isinstance(error, Image.UnidentifiedImageError) else str(error)
        )
        raise DataError(
            f"{called} cannot be read as a picture ({reason}): use a whole PNG, JPEG, WebP, GIF or BMP file."
        ) from error


def plain(picture: Image.Image, *, called: str) -> tuple[Image.Image, tuple[str, ...]]:
    """`open_picture` for a picture that is already in memory."""
    _check_size(picture, called)
    try:
        return _upright_on_white(picture)
    except (OSError, ValueError) as error:
        raise DataError(f"{called} cannot be used ({error}): give a grey or RGB picture.") from None


def square(picture: Image.Image, image_size: int) -> Image.Image:
    """The middle square of a picture, scaled to `image_size` pixels a side.

    Shrinking averages over the area of each new pixel, so nothing is skipped; growing is linear, so no value
    leaves the range that was there.
    """
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    cut = picture.crop((left, top, left + side, top + side))
    how = Image.Resampling.BOX if image_size < side else Image.Resampling.BILINEAR
    return cut.resize((image_size, image_size), how)


def check_image_size(image_size: int) -> None:
    """Raises `DataError` unless `image_size` is from 1 to `MAX_SIDE`."""
    if not 1 <= image_size <= MAX_SIDE:
        raise DataError(f"image_size must be from 1 to {MAX_SIDE} pixels, not {image_size}.")


def check_channels(channels: int) -> None:
    """Raises `DataError` unless `channels` is 1 (grey) or 3 (RGB)."""
    if channels not in (1, 3):
        raise DataError(f"channels must be 1 (grey) or 3 (RGB), not {channels}.")


def _check_size(picture: Image.Image, called: str) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        raise DataError(_too_large(called, f" of {picture.width} × {picture.height}"))
    if 0 in picture.size:
        raise DataError(f"{called} has no pixels ({picture.width} × {picture.height}): give one that has.")


def _too_large(called: str, size: str = "") -> str:
    return (
        f"{called} is too large{size}: at most {MAX_PIXELS // 1_000_000} million pixels are accepted. "
        "Make it smaller first."
    )


def _upright_on_white(picture: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    notes = []
    # An MPO is a phone's JPEG with a preview or a depth map inside, not a film.
    if getattr(picture, "is_animated", False) and picture.format != "MPO":
        notes.append("the first frame only")
    if _orientation(picture) in range(2, 9):
        picture = ImageOps.exif_transpose(picture)
        notes.append("turned upright, as the camera noted")
    if picture.mode in (*_SIXTEEN_BIT, "I", "F"):
        notes.append("brought down to 8 bits a pixel")
        return _eight_bit(picture), tuple(notes)
    if picture.mode in _WITH_ALPHA or "transparency" in picture.info:
        # Pillow has no direct way from the premultiplied grey La.
        layer = (picture.convert("LA") if picture.mode == "La" else picture).convert("RGBA")
        if layer.getextrema()[3][0] < 255:
            notes.append("transparent parts shown on white")
        white = Image.new("RGBA", layer.size, "white")
        grey = picture.mode in ("L", "LA", "La", "1")
        return Image.alpha_composite(white, layer).convert("L" if grey else "RGB"), tuple(notes)
    return picture.convert("L" if picture.mode in ("1", "L") else "RGB"), tuple(notes)


def _orientation(picture: Image.Image) -> int:
    try:
        return picture.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a damaged note about a picture is no reason to refuse the picture
        return 1


def _eight_bit(picture: Image.Image) -> Image.Image:
    values = np.asarray(picture).astype(np.float64)  # (H, W)
    if picture.mode in _SIXTEEN_BIT or (picture.mode == "I" and 0 <= values.min() <= values.max() <= 65535):
        values = values / 257  # 65535 -> 255
    elif not np.isfinite(values).all():
        raise ValueError("it holds values that are not finite numbers")
    elif not 0 <= values.min() <= values.max() <= 255:
        # No known range: use the picture's own.
        values = (values - values.min()) / (np.ptp(values) or 1) * 255
    return Image.fromarray(np.rint(values).astype(np.uint8))
