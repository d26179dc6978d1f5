from __future__ import annotations

import numpy as np
import pytest

from vitviz.figures.mosaic import columns_for, mosaic


def test_every_cell_is_found_where_its_tile_stands(value_at):
    tiles = np.random.default_rng(0).uniform(size=(2, 3, 5, 4))
    found = mosaic(tiles, first_row=6, gap=0.2)
    for row, column, i, j in np.ndindex(tiles.shape):
        x = column + 0.8 * (j + 0.5) / 4
        y = 6 + row + 0.8 * (i + 0.5) / 5
        assert value_at(found, x, y) == pytest.approx(tiles[row, column, i, j])


def test_gaps_are_empty(value_at):
    found = mosaic(np.ones((2, 2, 3, 3)), gap=0.2)
    assert np.isnan(value_at(found, 0.9, 0.4))
    assert np.isnan(value_at(found, 0.4, 1.9))
    assert np.isnan(found.z).sum() == 8 * 8 - 4 * 9


def test_tiles_of_different_shapes_stand_in_the_same_places():
    small, large = mosaic(np.ones((1, 3, 4, 4))), mosaic(np.ones((1, 3, 7, 7)))
    np.testing.assert_allclose(small.x[::5], large.x[::8])
    assert small.x[-1] == large.x[-1] == 3


@pytest.mark.parametrize(("count", "aspect", "columns"), [(1, 2, 1), (2, 2, 2), (8, 2, 4), (3, 9, 3), (9, 1, 3)])
def test_tiles_are_arranged_to_be_large(count, aspect, columns):
    assert columns_for(count, aspect) == columns


@pytest.mark.parametrize("count", range(1, 50))
def test_less_than_a_line_of_places_stays_empty(count):
    columns = columns_for(count)
    assert 0 <= -(-count // columns) * columns - count < columns <= count
