"""The patch that the visitor has pinned in the attention panel: other panels follow it."""

from __future__ import annotations

import re

import streamlit as st

from vitviz.config import ModelConfig


def pinned_patch(config: ModelConfig) -> int:
    """The number of the patch over the pinned pixel (the link's `pin`), or of the one in the middle.

    The pin is a pixel, so that it stays where it is in the picture when the patch size changes.
    """
    found = re.fullmatch(r"(\d{1,4}),(\d{1,4})", str(st.query_params.get("pin", "")))
    middle = config.image_size // 2
    row, column = (int(found[1]), int(found[2])) if found else (middle, middle)
    row, column = (min(at // config.patch_size, config.grid - 1) for at in (row, column))
    return row * config.grid + column
