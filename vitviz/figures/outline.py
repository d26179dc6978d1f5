"""The frame around a chosen cell: white in a dark casing, so that it shows on every colour of every scale."""

from __future__ import annotations

from vitviz.figures.sheet import Sheet


def add_outline(sheet: Sheet, xs: list, ys: list) -> None:
    """Draws closed paths; None in `xs` and `ys` lifts the pen between them."""
    for colour, width in (("#10151B", 5), ("#FFFFFF", 2.25)):
        sheet.add(
            dict(type="scatter", x=xs, y=ys, mode="lines", line=dict(color=colour, width=width), hoverinfo="skip")
        )
