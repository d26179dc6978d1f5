"""The colours and the type of a figure, light and dark, and nothing of Plotly's default look."""

from __future__ import annotations

from dataclasses import dataclass

FONT = "Inter, system-ui, sans-serif"


@dataclass(frozen=True)
class Theme:
    """The colours of the page that a figure stands on. What carries meaning is in `palette.py`."""

    name: str
    background: str
    surface: str  # panels and hover cards
    text: str
    muted: str  # axis titles, notes
    grid: str  # rules and axis lines
    accent: str


LIGHT = Theme("light", "#FFFFFF", "#F6F7F9", "#17202B", "#566270", "#E1E6EB", "#6D3FD1")
DARK = Theme("dark", "#0F141A", "#171D25", "#E8ECF1", "#A3AEBA", "#2B343F", "#B59BFF")
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}


def colour_bar(theme: Theme, title: str, **more) -> dict:
    """A thin scale at the right of the plot; above it there is room for the chart's two buttons."""
    return dict(
        title=dict(text=title, side="right", font=dict(size=12, color=theme.muted)),
        thickness=8, len=0.86, lenmode="fraction", y=0, yanchor="bottom", ypad=0, xpad=10, outlinewidth=0,
        tickfont=dict(size=12, color=theme.muted), ticks="", nticks=5, **more,
    )
