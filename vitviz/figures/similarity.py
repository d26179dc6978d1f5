"""Cosine similarities: of positional embeddings on the patch grid, and of anything as a small matrix."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from vitviz.figures.mosaic import cell_outline, mosaic, place_numbers
from vitviz.figures.outline import add_outline
from vitviz.figures.palette import DIVERGING, SEQUENTIAL, plotly_scale
from vitviz.figures.sheet import Sheet
from vitviz.figures.theme import Theme, colour_bar

# Beyond this many patches, hover data for every pair weighs megabytes and cells are below a screen pixel
MAX_HOVERED_PATCHES = 256
OTHER_PLACE = "row %{customdata[0]}, column %{customdata[1]}<br>cosine %{z:.2f}<extra></extra>"


def position_similarity(
    similarity: np.ndarray, patch: int, grid: int, theme: Theme, height: int = 300
) -> go.Figure:
    """How alike the positional embedding of `patch` is to all others, at their places in the picture.

    `similarity`: `(tokens, tokens)` cosines in [-1, 1].
    """
    tile = similarity[patch].reshape(1, 1, grid, grid)
    z, x, y = mosaic(tile, gap=0.0)
    sheet = Sheet(theme, height, right=72)
    row, column = divmod(patch, grid)
    sheet.add(
        _cosines(
            z, theme, x=x, y=y, xgap=1, ygap=1, customdata=mosaic(place_numbers(grid, grid)[None, None], gap=0.0).z,
            hovertemplate=f"row {row + 1}, column {column + 1} with " + OTHER_PLACE, hoverongaps=False,
        )
    )
    add_outline(sheet, *cell_outline(0, 0, divmod(patch, grid), (grid, grid), gap=0.0))
    sheet.square_axes(1, 1)
    return sheet.figure()


def position_similarity_grid(similarity: np.ndarray, grid: int, theme: Theme, height: int = 460) -> go.Figure:
    """The grid of grids: at the place of every patch, the similarity of that patch with all others."""
    z, x, y = mosaic(similarity.reshape(grid, grid, grid, grid), gap=0.1)
    sheet = Sheet(theme, height, right=72)
    hover = dict(hoverinfo="skip")
    if grid * grid <= MAX_HOVERED_PATCHES:
        places = place_numbers(grid, grid).astype(np.uint8)
        other = np.broadcast_to(places, (grid, grid, grid, grid, 2))
        own = np.broadcast_to(places[:, :, None, None], other.shape)
        hover = dict(
            customdata=mosaic(np.concatenate([other, own], axis=-1), gap=0.1).z, hoverongaps=False,
            hovertemplate="row %{customdata[2]}, column %{customdata[3]} with " + OTHER_PLACE,
        )
    sheet.add(_cosines(z, theme, x=x, y=y, **hover))
    _frames(sheet, grid, theme)
    sheet.square_axes(grid - 0.1, grid - 0.1)
    return sheet.figure()


def _frames(sheet: Sheet, grid: int, theme: Theme) -> None:
    """A hairline around every small grid: cosines near 0 are nearly white, as a light page is."""
    xs, ys = [], []
    for row in range(grid):
        for column in range(grid):
            x, y = cell_outline(row, column, (0, 0), (1, 1), gap=0.1)
            xs, ys = xs + x, ys + y
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
