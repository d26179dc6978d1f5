"""A chart in its place on a page."""

from __future__ import annotations

import json

import plotly.graph_objects as go
import streamlit as st

from vitviz.ui import scripts

_component = st.components.v2.component(
    "vitviz_chart",
    html="<div class='vv-chart'></div>",
    js=scripts.importing("charts.js"),
    isolate_styles=False,  # Plotly's style sheet is the document's
)


def as_json(figure: go.Figure) -> str:
    """A figure as the browser takes it: what is worth keeping, at a tenth of the figure's size."""
    return figure.to_json()


def plot(figure: str, *, key: str, alt: str, name: str, format: str = "png") -> None:
    """Shows a figure, or changes the one that stands here into it.

    Args:
        figure: from `as_json`; its layout says the height, in pixels.
        key: one per chart of a page.
        alt: what is to be seen, for those who cannot.
        name: of the file in which a visitor saves the picture.
        format: of that file, `"png"` or `"svg"`.
    """
    height = json.loads(figure)["layout"]["height"]
    words = json.dumps({"alt": alt, "file": {"filename": name, "format": format}})
    _component(data=f'{words[:-1]}, "figure": {figure}}}'.encode(), key=key, height=height)
