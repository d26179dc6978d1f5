"""Cosine similarities: of positional embeddings on the patch grid, and of anything as a small matrix."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from vitviz.figures.mosaic import cell_outline, mosaic
from vitviz.figures.palette import DIVERGING, SEQUENTIAL, plotly_scale
from vitviz.figures.sheet import Sheet
from vitviz.figures.theme import Theme, colour_bar

# Cosines of the grids of grids are whole steps, a byte each: of 196 patches there are 77,000 for two models
STEPS = 127
EMPTY = -STEPS - 1  # the gap between two small grids
GAP = 0.1  # of a small grid's place
APART = 0.6  # between the two models, in places


def position_similarity_grids(
    similarities: Mapping[str, np.ndarray], grid: int, theme: Theme, height: int = 460
) -> go.Figure:
    """The grid of grids of each model: at the place of every patch, the similarity of that patch with all others.

    `similarities`: per model, by its label, `(tokens, tokens)` cosines in [-1, 1]. The models stand side by side, a
    patch's small grid takes a unit square, and a second model begins at `grid + APART`. One alone keeps its place.
    """
    sheet = Sheet(theme, height, left=1, right=1, top=24, bottom=32)
    for number, (label, similarity) in enumerate(similarities.items()):
        left = number * (grid + APART)
        steps = np.rint(similarity * STEPS).astype(np.int8).reshape(grid, grid, grid, grid)
        z, x, y = mosaic(steps, gap=GAP, empty=EMPTY)
        sheet.add(
            dict(
                type="heatmap", z=z, x=left + x, y=y, zmin=EMPTY, zmax=STEPS, colorscale=_scale_of_steps(),
                showscale=number == 0, colorbar=_bar_below(theme), hoverinfo="skip", name=label,
            )
        )
        sheet.write(label, size=13, colour=theme.text, x=left, y=0, xanchor="left", yanchor="bottom", yshift=3)
    _frames(sheet, len(similarities), grid, theme)
    sheet.write("cosine", x=0, y=0, xref="paper", yref="paper", xanchor="left", yanchor="top", yshift=-3)
    sheet.square_axes(2 * grid + APART - GAP, grid - GAP)
    return sheet.figure()


def _scale_of_steps() -> list[tuple[float, str]]:
    """`DIVERGING` from -1 to 1; nothing at all where a step is `EMPTY`."""
    first = 1 / (STEPS - EMPTY)
    stops = [(first + place * (1 - first), colour) for place, colour in plotly_scale(DIVERGING)]
    return [(0, "rgba(0,0,0,0)"), (first / 2, "rgba(0,0,0,0)"), (first / 2, DIVERGING[0]), *stops]


def _bar_below(theme: Theme) -> dict:
    bar = colour_bar(
        theme, "", tickvals=[STEPS * cosine for cosine in (-1, -0.5, 0, 0.5, 1)],
        ticktext=["−1", "−0.5", "0", "0.5", "1"],
    )
    return bar | dict(orientation="h", x=1, xanchor="right", len=0.8, y=0, yanchor="top", ypad=8, xpad=8)


def _frames(sheet: Sheet, models: int, grid: int, theme: Theme) -> None:
    """A hairline around every small grid: cosines near 0 are nearly white, as a light page is."""
    xs, ys = [], []
    for model, row, column in np.ndindex(models, grid, grid):
        x, y = cell_outline(row, column, (0, 0), (1, 1), gap=GAP)
        xs += [at if at is None else at + model * (grid + APART) for at in x]
        ys += y
    line = dict(color=theme.muted, width=0.75)
    sheet.add(dict(type="scatter", x=xs, y=ys, mode="lines", line=line, hoverinfo="skip", cliponaxis=False))


def cosine_matrix(cosines: np.ndarray, theme: Theme, *, of: str = "learned token", height: int = 300) -> go.Figure:
    """Cosines `(n, n)` between every two learned tokens (or whatever `of` says)."""
    return _matrix(cosines, theme, height, of, "cosine", _cosines)


def overlap_matrix(overlap: np.ndarray, theme: Theme, *, of: str = "map", height: int = 300) -> go.Figure:
    """Overlap `(n, n)`, in [0, 1], of every two weight maps."""
    return _matrix(overlap, theme, height, of, "overlap", _overlaps)


def _matrix(values: np.ndarray, theme: Theme, height: int, of: str, measure: str, heatmap) -> go.Figure:
    count = len(values)
    sheet = Sheet(theme, height, left=30, right=72, bottom=26)
    numbers = np.arange(1, count + 1)
    sheet.add(
        heatmap(
            values, theme, x=numbers, y=numbers, xgap=2 if count <= 16 else 0, ygap=2 if count <= 16 else 0,
            texttemplate="%{z:.2f}" if count <= 8 else None, textfont=dict(size=12 if count <= 5 else 10),
            hovertemplate=f"{of} %{{y}} with {of} %{{x}}<br>{measure} %{{z:.2f}}<extra></extra>",
        )
    )
    every = -(-count // 16)
    ticks = dict(tickvals=numbers[::every], showticklabels=True, constrain="domain")
    sheet.axis("x", range=[0.5, count + 0.5], **ticks)
    sheet.axis("y", range=[count + 0.5, 0.5], scaleanchor="x", **ticks)
    return sheet.figure()


def _cosines(z: np.ndarray, theme: Theme, **more) -> dict:
    bar = colour_bar(theme, "cosine similarity", tickvals=[-1, -0.5, 0, 0.5, 1])
    return dict(type="heatmap", z=z, zmin=-1, zmax=1, colorscale=plotly_scale(DIVERGING), colorbar=bar, **more)


def _overlaps(z: np.ndarray, theme: Theme, **more) -> dict:
    bar = colour_bar(theme, "shared weight", tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1])
    return dict(type="heatmap", z=z, zmin=0, zmax=1, colorscale=plotly_scale(SEQUENTIAL), colorbar=bar, **more)
