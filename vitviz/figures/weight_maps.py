"""What each map of a TokenLearner picks from the picture."""

from __future__ import annotations

from typing import Literal

import numpy as np
import plotly.graph_objects as go

from vitviz.config import ModelConfig
from vitviz.figures.mosaic import GAP, columns_for, mosaic, place_numbers
from vitviz.figures.palette import SEQUENTIAL, plotly_scale
from vitviz.figures.pixels import image_trace, padded
from vitviz.figures.sheet import Sheet
from vitviz.figures.theme import Theme, colour_bar


def weight_maps(
    image: np.ndarray,
    maps: np.ndarray,
    config: ModelConfig,
    theme: Theme,
    *,
    show: Literal["overlay", "map"] = "overlay",
    scale: Literal["shared", "each"] = "shared",
    height: int = 320,
    aspect: float = 2.0,
) -> go.Figure:
    """Every map as one tile, over the picture.

    Args:
        image: `(H, W, C)`, 0…255.
        maps: `(tokens, n_maps)`. v1: each weight in [0, 1]; v1.1: every map sums to 1.
        show: `"overlay"` lets the picture show through; `"map"` has the scale's exact colours.
        scale: `"shared"`: one scale for all maps, for v1 the whole of [0, 1]; `"each"`: every map up to its maximum.
        aspect: how many times as wide as high the space is, about; decides how many maps stand in a row.
    """
    grid, count = config.grid, maps.shape[1]
    columns = columns_for(count, aspect)
    rows = -(-count // columns)
    tiles = np.full((rows * columns, grid, grid), np.nan, dtype=np.float32)
    tiles[:count] = maps.T.reshape(count, grid, grid)
    number = np.broadcast_to(np.arange(1, rows * columns + 1)[:, None, None], tiles.shape)
    place = np.broadcast_to(place_numbers(grid, grid), (*tiles.shape, 2))
    card = np.concatenate([number[..., None], place, tiles[..., None]], axis=-1)

    shown, top = tiles, 1.0
    if scale == "each":
        peak = np.maximum(tiles.max(axis=(1, 2), keepdims=True), 1e-12)
        shown = tiles / peak
    elif config.token_learner == "v1.1":
        top = float(maps.max())  # weights that sum to 1 over the patches are far below 1
    title = "share of each map's peak" if scale == "each" else "weight"
    if scale == "shared" and config.token_learner == "v1.1":
        title = "weight (a map sums to 1)"

    sheet = Sheet(theme, height, right=72)
    if show == "overlay":
        _pictures(sheet, padded(image, config), count, columns)
    z, x, y = mosaic(shown.reshape(rows, columns, grid, grid))
    sheet.add(
        dict(
            type="heatmap", z=z, x=x, y=y, zmin=0, zmax=top, colorscale=plotly_scale(SEQUENTIAL), hoverongaps=False,
            opacity=0.64 if show == "overlay" else 1, colorbar=colour_bar(theme, title),
            customdata=mosaic(card.reshape(rows, columns, grid, grid, 4)).z,
            hovertemplate="map %{customdata[0]:.0f}, row %{customdata[1]:.0f}, column %{customdata[2]:.0f}"
            "<br>weight %{customdata[3]:.3f}"
            "<extra></extra>",
        )
    )
    for index in range(count):
        row, column = divmod(index, columns)
        sheet.write(
            f"{index + 1}", colour="#FFFFFF", x=column, y=row, xanchor="left", yanchor="top",
            bgcolor="rgba(16,21,27,0.72)", borderpad=2,
        )
    sheet.square_axes(columns - GAP, rows - GAP)
    return sheet.figure()


def _pictures(sheet: Sheet, picture: np.ndarray, count: int, columns: int) -> None:
    """The picture under every tile, as one image trace with transparent gaps."""
    side = picture.shape[0]
    rows = -(-count // columns)
    zoom = max(1, round(48 / side))  # so that the gap is near a whole number of pixels
    gap = round(side * zoom * GAP / (1 - GAP))
    place = side * zoom + gap
    lifted = 50 + picture * (205 / 255)  # under the colours, black would swallow them
    big = np.repeat(np.repeat(lifted, zoom, axis=0), zoom, axis=1)  # (side·zoom, side·zoom, C)
    canvas = np.zeros((rows, place, columns, place, 4), dtype=np.float32)
    for index in range(count):
        row, column = divmod(index, columns)
        canvas[row, : side * zoom, column, : side * zoom, :3] = big
        canvas[row, : side * zoom, column, : side * zoom, 3] = 255
    pixel = 1 / place
    sheet.add(
        image_trace(canvas.reshape(rows * place, columns * place, 4), x0=pixel / 2, y0=pixel / 2, pixel=pixel)
    )
