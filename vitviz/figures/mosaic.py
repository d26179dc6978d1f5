"""Many small grids as one heatmap: a single trace draws a hundred times faster than a subplot for each.

A tile is one grid. Tile (row r, column c) occupies the unit square from (c, r), less a gap at its right and
bottom; the y axis points down. Tiles of any shape therefore stand in the same places, and a row of 7×7
maps lines up with a row of 4×4 ones.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

GAP = 0.08  # of a tile's side


class Mosaic(NamedTuple):
    """`z`: `(rows·(h+1), columns·(w+1), …)` with NaN (whole numbers: `empty`) in the gaps; `x`, `y`: edges."""

    z: np.ndarray
    x: np.ndarray
    y: np.ndarray


def mosaic(tiles: np.ndarray, first_row: int = 0, gap: float = GAP, empty: int = 0) -> Mosaic:
    """Lays out tiles.

    Args:
        tiles: `(rows, columns, h, w)`, or with trailing axes `(rows, columns, h, w, k)` for hover data.
        first_row: where the first row of tiles stands, to put several mosaics in one picture.
        gap: space after each tile, as a part of the tile's place.
        empty: what whole numbers have in the gaps.
    """
    rows, columns, height, width = tiles.shape[:4]
    rest = tiles.shape[4:]
    whole = np.issubdtype(tiles.dtype, np.integer)  # small numbers for hovering: a gap's are never read
    dtype, between = (tiles.dtype, empty) if whole else (np.float32, np.nan)
    z = np.full((rows, height + 1, columns, width + 1, *rest), between, dtype=dtype)
    z[:, :height, :, :width] = np.moveaxis(tiles, 1, 2)  # (rows, h, columns, w, …)
    z = z.reshape(rows * (height + 1), columns * (width + 1), *rest)
    return Mosaic(z, _edges(columns, width, gap), first_row + _edges(rows, height, gap))


def cell_outline(row: float, column: float, cell: tuple[int, int], shape: tuple[int, int], gap: float = GAP):
    """The corners `(x, y)` of one cell of one tile, closed, and ended by a None that lifts the pen."""
    side_y, side_x = (1 - gap) / shape[0], (1 - gap) / shape[1]
    left, top = column + cell[1] * side_x, row + cell[0] * side_y
    xs = [left, left + side_x, left + side_x, left, left, None]
    ys = [top, top, top + side_y, top + side_y, top, None]
    return xs, ys


def place_numbers(rows: int, columns: int) -> np.ndarray:
    """`(rows, columns, 2)`: each place's row and column as people count them, from 1."""
    return (np.indices((rows, columns)) + 1).transpose(1, 2, 0).astype(np.uint16)


def columns_for(count: int, aspect: float = 2.0) -> int:
    """How many columns show `count` tiles largest in a space `aspect` times as wide as high, with few left empty."""

    def size(columns: int) -> float:
        rows = -(-count // columns)
        empty = rows * columns - count
        return min(aspect / columns, 1 / rows) * (1 - 0.5 * empty / count)

    return max(range(1, count + 1), key=size)


def _edges(tiles: int, cells: int, gap: float) -> np.ndarray:
    """Edges of the cells along one side, `(tiles·(cells+1) + 1,)`: each tile's cells, then its gap."""
    within = np.linspace(0, 1 - gap, cells + 1)  # (cells + 1,)
    return np.append((np.arange(tiles)[:, None] + within).ravel(), tiles)
