"""A chart in its place on a page."""

from __future__ import annotations

import json
from typing import NamedTuple

import plotly.graph_objects as go
import streamlit as st

from vitviz.ui import scripts

_component = st.components.v2.component(
    "vitviz_chart",
    html="<div class='vv-chart'></div>",
    js=scripts.importing("charts.js"),
    isolate_styles=False,  # Plotly's style sheet is the document's
)


class Drawing(NamedTuple):
    """A figure as the browser takes it: what is worth keeping, at a tenth of the figure's size."""

    json: str
    height: int  # pixels


def drawing_of(figure: go.Figure) -> Drawing:
    """A figure whose layout says its height."""
    return Drawing(figure.to_json(), figure.layout.height)


def plot(drawing: Drawing, *, key: str, alt: str, name: str, format: str = "png") -> None:
    """Shows a figure, or changes the one that stands here into it.

    Args:
        drawing: from `drawing_of`.
        key: one per chart of a page.
        alt: what is to be seen, for those who cannot.
        name: of the file in which a visitor saves the picture.
        format: of that file, `"png"` or `"svg"`.
    """
    words = json.dumps({"alt": alt, "file": {"filename": name, "format": format}})
    _component(data=f'{words[:-1]}, "figure": {drawing.json}}}'.encode(), key=key, height=drawing.height)
