"""Where one query looks, in every layer and head at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from vitviz.config import ModelConfig
from vitviz.figures.mosaic import GAP, cell_outline, mosaic
from vitviz.figures.outline import add_outline
from vitviz.figures.palette import SEQUENTIAL, plotly_scale
from vitviz.figures.sheet import Sheet
from vitviz.figures.theme import Theme, colour_bar

TILE_PIXELS = 118
LEARNED_PAIR = "learned token %{customdata[2]:.0f} → learned token %{customdata[3]:.0f}"
MARGIN = dict(left=94, right=72, top=26, bottom=8)


def attention_mosaic(
    config: ModelConfig,
    attention: Sequence[np.ndarray],
    query: int,
    theme: Theme,
    *,
    direction: Literal["from", "to"] = "from",
    scale: Literal["shared", "each"] = "each",
    height: int | None = None,
) -> go.Figure:
    """One row of tiles per layer, one tile per head.

    Args:
        attention: one `(heads, T, T)` array per block; rows are queries.
        query: the patch that is asked about, 0 … tokens - 1.
        direction: `"from"`: where the patch looks; `"to"`: who looks at the patch.
        scale: `"each"`: every tile has its own colours, up to its maximum; `"shared"`: one scale for all tiles.

    Layers that read patches show a map of the picture. Layers that read learned tokens show the whole matrix, query
    down and key across, since a learned token has no place in the picture.
    """
    on_grid = config.blocks if config.n_maps is None else config.insert_after
    groups = []  # (first layer, tiles (layers, heads, h, w))
    if on_grid:
        chosen = [a[:, query] if direction == "from" else a[:, :, query] for a in attention[:on_grid]]
        groups.append((0, np.stack(chosen).reshape(on_grid, config.heads, config.grid, config.grid)))
    if on_grid < config.blocks:
        groups.append((on_grid, np.stack(attention[on_grid:])))

    sheet = Sheet(theme, height or round(config.blocks * TILE_PIXELS) + 34, **MARGIN)
    highest = 1.0 if scale == "each" else max(float(tiles.max()) for _, tiles in groups)
    for first, tiles in groups:
        shown = _up_to_peak(tiles) if scale == "each" else tiles
        pair = LEARNED_PAIR if first == on_grid else _patch_pair(divmod(query, config.grid), direction)
        z, x, y = mosaic(shown, first)
        title = "share of each map's peak" if scale == "each" else "attention weight"
        sheet.add(
            dict(
                type="heatmap", z=z, x=x, y=y, zmin=0, zmax=highest, colorscale=plotly_scale(SEQUENTIAL),
                showscale=first == groups[0][0], colorbar=colour_bar(theme, title, tickformat=".0%"),
                customdata=mosaic(_card(tiles, first), first).z, hoverongaps=False,
                hovertemplate="layer %{customdata[0]:.0f}, head %{customdata[1]:.0f}<br>" + pair
                + "<br>attention %{customdata[4]:.1%}<extra></extra>",
            )
        )
    if on_grid:
        _mark(sheet, config, on_grid, query)
    _axes(sheet, config, theme, on_grid)
    return sheet.figure()


def _up_to_peak(tiles: np.ndarray) -> np.ndarray:
    peak = tiles.max(axis=(2, 3), keepdims=True)
    return tiles / np.where(peak > 0, peak, 1)


def _card(tiles: np.ndarray, first: int) -> np.ndarray:
    """Hover data of every cell: layer, head, row, column (or query, key), each counted from 1, and the attention.

    The attention itself, since the colours may be shares of a peak.
    """
    layer, head, row, column = np.indices(tiles.shape)
    return np.stack([first + layer + 1, head + 1, row + 1, column + 1, tiles], axis=-1)


def _patch_pair(place: tuple[int, int], direction: str) -> str:
    own, other = f"row {place[0] + 1}, column {place[1] + 1}", "row %{customdata[2]:.0f}, column %{customdata[3]:.0f}"
    return f"{own} → {other}" if direction == "from" else f"{other} → {own}"


def _mark(sheet: Sheet, config: ModelConfig, layers: int, query: int) -> None:
    xs, ys = [], []
    for layer in range(layers):
        for head in range(config.heads):
            x, y = cell_outline(layer, head, divmod(query, config.grid), (config.grid, config.grid))
            xs, ys = xs + x, ys + y
    add_outline(sheet, xs, ys)


def _axes(sheet: Sheet, config: ModelConfig, theme: Theme, on_grid: int) -> None:
    sheet.square_axes(config.heads - GAP, config.blocks - GAP)
    middle = (1 - GAP) / 2
    sheet.axis(
        "x", side="top", showticklabels=True, tickangle=0, tickvals=np.arange(config.heads) + middle,
        ticktext=["head 1", *map(str, range(2, config.heads + 1))],  # the word once: on a phone there is no more room
    )
    names = [f"layer {layer + 1}" for layer in range(config.blocks)]
    sheet.axis("y", showticklabels=True, tickvals=np.arange(config.blocks) + middle, ticktext=names)
    if 0 < on_grid < config.blocks:
        at = on_grid - GAP / 2
        sheet.draw(
            type="line", x0=0, x1=config.heads - GAP, y0=at, y1=at, line=dict(color=theme.accent, width=2)
        )
        sheet.write("TokenLearner", colour=theme.accent, x=0, y=at, xanchor="right", xshift=-8)
