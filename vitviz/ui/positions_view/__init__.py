"""Positional similarity of one patch in both models: it follows the pointer in the browser, as the explorer does.

The patch is the one that the attention explorer asks for, or the one under the pointer here (`patch_told.js`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import streamlit as st

from vitviz.ui import scripts
from vitviz.ui.components import compact
from vitviz.ui.positions_view.payload import pack

__all__ = ["pack", "positions_view"]

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "vitviz_positions",
    html=(_HERE / "positions.html").read_text(encoding="utf-8"),
    css=compact((_HERE / "positions.css").read_text(encoding="utf-8")),
    js=scripts.importing("positions.js"),
)


def positions_view(
    similarities: Mapping[str, np.ndarray], *, grid: int, patch_size: int, key: str = "positions_view"
) -> None:
    """Shows the cosines of one patch with all others, a map for each model; the arguments are those of `pack`."""
    _component(key=key, data=pack(similarities, grid=grid, patch_size=patch_size))
