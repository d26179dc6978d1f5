"""From a picture to the sequence that the transformer reads: under the grid, apart, and in a row."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from vitviz.config import ModelConfig
from vitviz.figures.mosaic import columns_for
from vitviz.figures.palette import OVER_PICTURE, with_alpha
from vitviz.figures.pixels import image_trace, patch_pixels
from vitviz.figures.sheet import Sheet
from vitviz.figures.theme import Theme


def picture_under_grid(image: np.ndarray, config: ModelConfig, theme: Theme, height: int = 300) -> go.Figure:
    """The picture `(H, W, C)`, 0…255, under its patch grid.

    Pixels that the patch size drops are veiled and hatched; pixels that padding adds are black and hatched. Every
    patch has a transparent point at its centre with `customdata` = its index, for hovering and choosing.
    """
    patch, grid, size = config.patch_size, config.grid, config.image_size
    covered = grid * patch
    side = max(size, covered)
    shown = np.pad(image, ((0, side - size), (0, side - size), (0, 0)))
    sheet = Sheet(theme, height)
    sheet.add(image_trace(shown))
    if covered != size:
        _hatch(sheet, theme, min(covered, size), side, dropped=covered < size)
    lines = patch * np.arange(grid + 1)
    _grid_lines(sheet, lines, covered)
    rows, columns = np.divmod(np.arange(config.tokens), grid)
    sheet.add(
        dict(
            type="scatter", x=(columns + 0.5) * patch, y=(rows + 0.5) * patch, mode="markers",
            marker=dict(opacity=0, size=12), customdata=np.arange(config.tokens),
            text=[_place(number, config) for number in range(config.tokens)],
            hovertemplate="patch at %{text}<extra></extra>",
        )
    )
    sheet.square_axes(side, side)
    return sheet.figure()


def patches_apart(patches: np.ndarray, config: ModelConfig, theme: Theme, height: int = 300) -> go.Figure:
    """The patches `(tokens, patch²·C)`, 0…255, at their places in the picture, with gaps between them."""
    return _laid_out(patches, config, theme, height, columns=config.grid, gap_share=0.22).figure()


def token_sequence(
    patches: np.ndarray, config: ModelConfig, theme: Theme, height: int = 120, aspect: float = 7.0
) -> go.Figure:
    """The patches in the order in which the transformer reads them, in lines like a text.

    The number before a line is that of its first patch, counted from 1. `aspect`: how many times as wide as high
    the space is, about.
    """
    columns = columns_for(config.tokens, aspect)
    sheet = _laid_out(patches, config, theme, height, columns=columns, gap_share=0.22)
    place = sheet.traces[-1]["y"]
    sheet.axis(
        "y", showticklabels=True, tickvals=place[::columns],
        ticktext=[f"{index + 1}" for index in range(0, len(place), columns)],
    )
    sheet.layout["margin"] |= dict(l=36, r=36)
    return sheet.figure()


def _laid_out(
    patches: np.ndarray, config: ModelConfig, theme: Theme, height: int, *, columns: int, gap_share: float
) -> Sheet:
    count, side = len(patches), config.patch_size
    rows = -(-count // columns)
    # gaps are whole pixels of the picture that is drawn: enlarge small patches until a gap can be a pixel
    zoom = max(1, round(8 / side))
    pixels = np.repeat(np.repeat(patch_pixels(patches, config), zoom, axis=1), zoom, axis=2)
    tile = side * zoom
    gap = max(1, round(tile * gap_share))
    place = tile + gap
    canvas = np.zeros((rows, place, columns, place, 4), dtype=np.float32)  # transparent in the gaps
    for index, patch in enumerate(pixels):
        row, column = divmod(index, columns)
        canvas[row, :tile, column, :tile, :3] = patch
        canvas[row, :tile, column, :tile, 3] = 255
    canvas = canvas.reshape(rows * place, columns * place, 4)[: rows * place - gap, : columns * place - gap]

    sheet = Sheet(theme, height)
    sheet.add(image_trace(canvas))
    _frames(sheet, theme, count, columns, place, tile)
    index = np.arange(count)
    sheet.add(
        dict(
            type="scatter", x=(index % columns) * place + tile / 2, y=(index // columns) * place + tile / 2,
            mode="markers", marker=dict(opacity=0, size=12), customdata=index,
            text=[f"patch {number + 1}: {_place(number, config)}" for number in index],
            hovertemplate="%{text}<extra></extra>",
        )
    )
    sheet.square_axes(columns * place - gap, rows * place - gap)
    return sheet


def _place(number: int, config: ModelConfig) -> str:
    row, column = divmod(int(number), config.grid)
    return f"row {row + 1}, column {column + 1}"


def _frames(sheet: Sheet, theme: Theme, count: int, columns: int, place: int, tile: int) -> None:
    """A hairline around every patch, so that white patches do not melt into a white page."""
    xs, ys = [], []
    for index in range(count):
        left, top = (index % columns) * place, (index // columns) * place
        xs += [left, left + tile, left + tile, left, left, None]
        ys += [top, top, top + tile, top + tile, top, None]
    line = dict(color=with_alpha(theme.muted, 0.55), width=1)
    sheet.add(dict(type="scatter", x=xs, y=ys, mode="lines", line=line, hoverinfo="skip", cliponaxis=False))


def _grid_lines(sheet: Sheet, lines: np.ndarray, end: float) -> None:
    """All grid lines as one trace."""
    xs, ys = [], []
    for at in lines:
        xs += [0, end, None, at, at, None]
        ys += [at, at, None, 0, end, None]
    width = 1.5 if len(lines) <= 15 else 0.75
    sheet.add(
        dict(type="scatter", x=xs, y=ys, mode="lines", line=dict(color=OVER_PICTURE, width=width), hoverinfo="skip")
    )


def _hatch(sheet: Sheet, theme: Theme, start: float, side: float, *, dropped: bool) -> None:
    """Covers what only the picture or only the patches have: the strips at the right and the bottom from `start`."""
    veil = with_alpha(theme.background, 0.72) if dropped else "rgba(0,0,0,0)"
    lines = theme.muted if dropped else "#8B95A1"
    what = "dropped: no patch covers these pixels" if dropped else "padding: zeros added to fill the last patches"
    sheet.add(
        dict(
            type="scatter", x=[start, side, side, 0, 0, start, start], y=[0, 0, side, side, start, start, 0],
            mode="lines", line=dict(width=0), fill="toself", hoveron="fills", text=what, hoverinfo="text",
            fillpattern=dict(shape="/", fgcolor=lines, bgcolor=veil, size=6, solidity=0.2, fillmode="replace"),
        )
    )
