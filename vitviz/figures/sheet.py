"""A figure in the making, dressed in a theme.

Everything is kept as plain dictionaries and given to Plotly once, at the end: every change to a finished Plotly
figure checks it anew, and a picture of eight annotations took three times as long that way.
"""

from __future__ import annotations

from typing import Any, Literal

import plotly.graph_objects as go

from vitviz.figures.theme import FONT, Theme


class Sheet:
    """Axes without lines or labels, transparent, `height` pixels high, with fixed margins in pixels.

    The page's panels carry the titles; a figure carries axis titles and annotations. Heights are fixed and margins do
    not follow the labels, so that nothing jumps when a slider moves.
    """

    def __init__(
        self, theme: Theme, height: int, *, left: int = 8, right: int = 8, top: int = 8, bottom: int = 8
    ) -> None:
        self.theme = theme
        self.traces: list[dict[str, Any]] = []
        self.annotations: list[dict[str, Any]] = []
        self.shapes: list[dict[str, Any]] = []
        axis = dict(
            automargin=False, showgrid=False, zeroline=False, showline=False, ticks="", fixedrange=True,
            tickfont=dict(color=theme.muted, size=12), gridcolor=theme.grid, linecolor=theme.grid,
        )
        # labels stand off the cells by a few pixels; Plotly lets them touch
        self.axes = {"x": axis | dict(ticklabelstandoff=3), "y": axis | dict(ticklabelstandoff=8)}
        self.layout: dict[str, Any] = dict(
            template="none",
            height=height, autosize=True, margin=dict(l=left, r=right, t=top, b=bottom, pad=0),
            paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
            font=dict(family=FONT, size=13, color=theme.text),
            hoverlabel=dict(
                bgcolor=theme.surface, bordercolor=theme.grid, align="left",
                font=dict(family=FONT, size=13, color=theme.text),
            ),
            dragmode=False, showlegend=False, hovermode="closest",
            # the same picture in another state: keep what the visitor switched off in the legend
            uirevision="same",
        )

    def add(self, *traces: dict[str, Any]) -> None:
        """Puts traces on the sheet, the later ones on top."""
        self.traces += traces

    def axis(self, which: Literal["x", "y"], *, title: str | None = None, **settings) -> None:
        """Changes settings of an axis."""
        if title is not None:
            settings["title"] = dict(text=title, standoff=8, font=dict(color=self.theme.muted, size=13))
        self.axes[which] |= settings

    def square_axes(self, width: float, height: float) -> None:
        """Axes from 0 with square units, the first row at the top, and no labels: for pictures and tiles."""
        self.axis("x", range=[0, width], constrain="domain", showticklabels=False)
        self.axis(
            "y", range=[height, 0], scaleanchor="x", scaleratio=1, constrain="domain", showticklabels=False
        )

    def write(self, text: str, *, size: int = 12, colour: str | None = None, **place) -> None:
        """Writes on the sheet, in small muted type unless told; `place` as for a Plotly annotation."""
        font = dict(size=size, color=colour or self.theme.muted)
        self.annotations.append(dict(text=text, showarrow=False, align="left", font=font) | place)

    def write_above(self, text: str) -> None:
        """A line above the plot, where a legend would be."""
        self.write(text, x=0, y=1, xref="paper", yref="paper", xanchor="left", yanchor="bottom", yshift=7)

    def draw(self, **shape) -> None:
        """Draws a Plotly shape."""
        self.shapes.append(shape)

    def show_legend(self) -> None:
        """The models' names on one line above the plot, at its left edge."""
        self.layout |= dict(
            showlegend=True,
            legend=dict(
                orientation="h", x=0, xanchor="left", y=1.0, yanchor="bottom", yref="paper", traceorder="normal",
                bgcolor="rgba(0,0,0,0)", font=dict(size=13, color=self.theme.text), itemwidth=30, tracegroupgap=0,
            ),
        )

    def figure(self) -> go.Figure:
        """The finished Plotly figure."""
        whole = dict(xaxis=self.axes["x"], yaxis=self.axes["y"], annotations=self.annotations, shapes=self.shapes)
        return go.Figure(data=self.traces, layout=self.layout | whole)
