"""The frame around a chosen cell: white in a dark casing, so that it shows on every colour of every scale."""

from __future__ import annotations

import plotly.graph_objects as go


def add_outline(figure: go.Figure, xs: list, ys: list) -> None:
    """Draws closed paths; None in `xs` and `ys` lifts the pen between them."""
    for colour, width in (("#10151B", 5), ("#FFFFFF", 2.25)):
        figure.add_trace(
            go.Scatter(x=xs, y=ys, mode="lines", line=dict(color=colour, width=width), hoverinfo="skip")
        )
