from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vitviz.config import TUNED
from vitviz.figures.similarity import cosine_matrix, overlap_matrix, position_similarity, position_similarity_grid
from vitviz.figures.theme import DARK, LIGHT
from vitviz.figures.weight_maps import weight_maps

FAST = TUNED.model.fast(8)


def tile_of(picture, number: int) -> np.ndarray:
    """The map under the badge `number`, as drawn."""
    badge = next(note for note in picture.layout.annotations if note.text == str(number))
    trace = picture.data[-1]
    z = np.asarray(trace.z)
    row, column = round(badge.y) * 8, round(badge.x) * 8  # 7 cells and a gap
    return z[row : row + 7, column : column + 7]


def test_every_map_stands_under_its_number(made_up):
    seen = made_up(FAST)
    picture = weight_maps(seen.image, seen.weight_maps, FAST, LIGHT)
    for number in range(1, 9):
        expected = seen.weight_maps[:, number - 1].reshape(7, 7)
        np.testing.assert_allclose(tile_of(picture, number), expected, rtol=1e-5)


def test_maps_of_the_first_version_share_the_whole_scale_and_those_of_the_second_end_at_their_highest(made_up):
    seen = made_up(FAST)
    assert weight_maps(seen.image, seen.weight_maps, FAST, LIGHT).data[-1].zmax == 1
    later = dataclasses.replace(FAST, token_learner="v1.1")
    maps = seen.weight_maps / seen.weight_maps.sum(axis=0)
    picture = weight_maps(seen.image, maps, later, LIGHT)
    assert picture.data[-1].zmax == pytest.approx(maps.max())
    assert "sums to 1" in picture.data[-1].colorbar.title.text


def test_the_picture_lies_under_the_maps_only_when_asked_for(made_up):
    seen = made_up(FAST)
    over = weight_maps(seen.image, seen.weight_maps, FAST, LIGHT)
    assert [trace.type for trace in over.data] == ["image", "heatmap"] and over.data[1].opacity < 1
    alone = weight_maps(seen.image, seen.weight_maps, FAST, LIGHT, show="map", scale="each")
    assert [trace.type for trace in alone.data] == ["heatmap"] and alone.data[0].opacity == 1
    assert np.nanmax(tile_of(alone, 3)) == pytest.approx(1)


def test_a_cosine_has_the_same_colour_in_every_picture_and_theme():
    cosines = np.eye(9)
    drawn = [cosine_matrix(cosines, LIGHT), position_similarity(cosines, 4, 3, DARK)]
    drawn += [position_similarity_grid(cosines, 3, DARK)]
    for picture in drawn:
        assert (picture.data[0].zmin, picture.data[0].zmax) == (-1, 1)
        assert picture.data[0].colorscale == drawn[0].data[0].colorscale
    assert overlap_matrix(np.eye(3), LIGHT).data[0].zmin == 0


def test_the_grid_of_grids_shows_every_pair_once(value_at):
    cosines = np.random.default_rng(0).uniform(-1, 1, (9, 9))
    trace = position_similarity_grid(cosines, 3, LIGHT).data[0]
    for patch, other in np.ndindex(9, 9):
        (row, column), (i, j) = divmod(patch, 3), divmod(other, 3)
        place = column + 0.9 * (j + 0.5) / 3, row + 0.9 * (i + 0.5) / 3
        assert value_at(trace, *place) == pytest.approx(cosines[patch, other], rel=1e-5)
        assert value_at(trace, *place, trace.customdata).tolist() == [i + 1, j + 1, row + 1, column + 1]


def test_the_similarity_of_one_patch_is_its_row_on_the_grid(value_at):
    cosines = np.random.default_rng(1).uniform(-1, 1, (9, 9))
    picture = position_similarity(cosines, 5, 3, LIGHT)
    assert value_at(picture.data[0], 1 / 6, 5 / 6) == pytest.approx(cosines[5, 6], rel=1e-5)
    outline = picture.data[-1]  # around patch 5: second row, third column
    assert min(x for x in outline.x if x is not None) == pytest.approx(2 / 3)
    assert min(y for y in outline.y if y is not None) == pytest.approx(1 / 3)


def test_a_small_matrix_is_labelled_with_its_values_and_a_large_one_is_not():
    assert cosine_matrix(np.eye(8), LIGHT).data[0].texttemplate
    large = cosine_matrix(np.eye(48), LIGHT)
    assert large.data[0].texttemplate is None
    assert len(large.layout.xaxis.tickvals) <= 16
