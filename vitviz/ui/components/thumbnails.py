"""A board of small pictures to choose from."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from vitviz.ui.components import register
from vitviz.ui.pictures import sprite

_component = register("thumbnails")


def thumbnails(
    images: Sequence[np.ndarray], names: Sequence[str], *, chosen: str, key: str, on_choose: Callable[[], None]
) -> str | None:
    """Shows `(H, W, C)` uint8 pictures as buttons; returns the name that was pressed in this run, or None."""
    buffer = io.BytesIO()
    Image.fromarray(sprite(images)).save(buffer, "PNG")
    data = {
        "sprite": "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode(),
        "names": list(names),
        "chosen": chosen,
    }
    return _component(data=data, key=key, on_picked_change=on_choose).get("picked")
