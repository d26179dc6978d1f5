"""Several pictures as one figure: a browser takes nearly as long to set up a chart as to draw what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go


class Place(NamedTuple):
    """Where a picture stands: shares of the whole figure's width and height, from the left and from the bottom."""

    left: float
    right: float
    bottom: float
    top: float


def together(pictures: Sequence[tuple[go.Figure, Place]], height: int) -> go.Figure:
    """One figure of several, each with one pair of axes and no annotations or shapes, on axes of its own at its place.

    What else a layout says is the first one's. `height` is in pixels.

    Raises:
        ValueError: a picture has annotations or shapes, whose places would no longer be right.
    """
    whole: dict = {}
    traces: list[dict] = []
    for number, (figure, place) in enumerate(pictures):
        one = figure.to_plotly_json()
        layout = one["layout"]
        if layout.get("annotations") or layout.get("shapes"):
            raise ValueError("A picture with annotations or shapes cannot be put together with others: draw it alone.")
        suffix = str(number + 1) if number else ""
        traces += [trace | {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"} for trace in one["data"]]
        x = layout.pop("xaxis") | {"domain": [place.left, place.right], "anchor": f"y{suffix}"}
        y = layout.pop("yaxis") | {"domain": [place.bottom, place.top], "anchor": f"x{suffix}"}
        if "scaleanchor" in y:
            y["scaleanchor"] = f"x{suffix}"
        whole = (whole or layout) | {f"xaxis{suffix}": x, f"yaxis{suffix}": y}
    return go.Figure(data=traces, layout=whole | {"height": height})
