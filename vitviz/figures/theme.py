"""How every figure is dressed: ink, lines, font, hover card, and nothing of Plotly's default look.

The page's panels carry the titles; a figure carries axis titles and annotations. Heights are fixed and margins do
not follow the labels, so that nothing jumps when a slider moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

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


def figure(theme: Theme, height: int, *, left: int = 8, right: int = 8, top: int = 8, bottom: int = 8) -> go.Figure:
    """An empty figure in the theme's dress, `height` pixels high, with fixed margins in pixels."""
    axis = dict(
        automargin=False, showgrid=False, zeroline=False, showline=False, ticks="", fixedrange=True,
        tickfont=dict(color=theme.muted, size=12), title=dict(font=dict(color=theme.muted, size=13), standoff=8),
        gridcolor=theme.grid, linecolor=theme.grid, zerolinecolor=theme.grid,
    )
    # labels stand off the cells by a few pixels; Plotly lets them touch
    x_axis, y_axis = axis | dict(ticklabelstandoff=3), axis | dict(ticklabelstandoff=8)
    return go.Figure(
        layout=dict(
            template="none",
            height=height, autosize=True, margin=dict(l=left, r=right, t=top, b=bottom, pad=0),
            paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
            font=dict(family=FONT, size=13, color=theme.text),
            hoverlabel=dict(
                bgcolor=theme.surface, bordercolor=theme.grid, align="left",
                font=dict(family=FONT, size=13, color=theme.text),
            ),
            xaxis=x_axis, yaxis=y_axis, dragmode=False, showlegend=False, hovermode="closest",
            modebar=dict(bgcolor="rgba(0,0,0,0)", color=theme.muted, activecolor=theme.accent),
            # the same picture in another state: keep what the visitor switched off in the legend
            uirevision="same",
        )
    )


def square_axes(figure_: go.Figure, width: float, height: float) -> None:
    """Axes from 0 with square units, the first row at the top, and no labels: for pictures and tiles."""
    figure_.update_xaxes(range=[0, width], constrain="domain", showticklabels=False)
    figure_.update_yaxes(range=[height, 0], scaleanchor="x", scaleratio=1, constrain="domain", showticklabels=False)


def legend(theme: Theme) -> dict:
    """A legend on one line above the plot, at its left edge."""
    return dict(
        orientation="h", x=0, xanchor="left", y=1.0, yanchor="bottom", yref="paper", bgcolor="rgba(0,0,0,0)",
        font=dict(size=13, color=theme.text), itemwidth=30, tracegroupgap=0,
    )


def colour_bar(theme: Theme, title: str, **more) -> dict:
    """A thin scale at the right of the plot, its title above it."""
    return dict(
        title=dict(text=title, side="right", font=dict(size=12, color=theme.muted)),
        thickness=8, len=1, lenmode="fraction", y=0.5, ypad=0, xpad=10, outlinewidth=0,
        tickfont=dict(size=12, color=theme.muted), ticks="", nticks=5, **more,
    )


def note(figure_: go.Figure, theme: Theme, text: str, **place) -> None:
    """A remark in small muted type; `place` as for a Plotly annotation."""
    given = dict(showarrow=False, font=dict(size=12, color=theme.muted), xref="paper", yref="paper", align="left")
    figure_.add_annotation(text=text, **(given | place))


def plot_config(name: str, image: str = "png") -> dict:
    """Plotly's `config` for a page: no logo, and one button, which saves the picture under `name`.

    `image` is `"png"` (twice the size on screen) or `"svg"`.
    """
    return {
        "displaylogo": False,
        "responsive": True,
        "scrollZoom": False,
        "doubleClick": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"filename": name, "format": image, "scale": 2 if image == "png" else 1},
    }
