"""Pictures as Plotly images: pixels stay grey (or RGB) and sharp, whatever the scales around them."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np

from vitviz.config import ModelConfig


def image_trace(pixels: np.ndarray, *, x0: float = 0.5, y0: float = 0.5, pixel: float = 1.0) -> dict:
    """`(H, W, C)` values 0…255 (C = 1, 3, or 4 with opacity) as one trace; `x0, y0` is the first pixel's centre."""
    return dict(type="image", source=png_address(pixels), x0=x0, y0=y0, dx=pixel, dy=pixel, hoverinfo="skip")


def png_address(pixels: np.ndarray) -> str:
    """The pixels as a `data:` address of a PNG: a fiftieth of the same numbers written out in a figure."""
    values = np.clip(np.round(pixels), 0, 255).astype(np.uint8)
    height, width, channels = values.shape
    colour_type = {1: 0, 3: 2, 4: 6}[channels]  # grey, RGB, RGB with opacity
    rows = np.zeros((height, 1 + width * channels), dtype=np.uint8)  # each row opens with its filter: 0, none
    rows[:, 1:] = values.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return "data:image/png;base64," + base64.b64encode(png).decode()


def patch_pixels(patches: np.ndarray, config: ModelConfig) -> np.ndarray:
    """`(tokens, patch²·C)` as small pictures: `(tokens, patch, patch, C)`."""
    side = config.patch_size
    return patches.reshape(len(patches), side, side, config.channels)


def padded(image: np.ndarray, config: ModelConfig) -> np.ndarray:
    """The picture that the patches are cut from: cropped to whole patches, or with zeros added at two sides."""
    side = config.grid * config.patch_size
    more = max(0, side - config.image_size)
    return np.pad(image, ((0, more), (0, more), (0, 0)))[:side, :side]  # (side, side, C)
