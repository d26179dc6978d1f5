from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vitviz.config import TUNED
from vitviz.figures.similarity import APART, cosine_matrix, overlap_matrix, position_similarity_grids
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


def colour_of(trace, value: float) -> np.ndarray:
    """The colour, red, green and blue from 0 to 255, in which a heatmap paints a value."""
    at = (value - trace.zmin) / (trace.zmax - trace.zmin)
    stops = [(place, colour) for place, colour in trace.colorscale if colour.startswith("#")]
    channels = [[int(colour[i : i + 2], 16) for _, colour in stops] for i in (1, 3, 5)]
    return np.array([np.interp(at, [place for place, _ in stops], channel) for channel in channels])


def test_a_cosine_has_the_same_colour_in_every_picture_and_theme():
    matrix = cosine_matrix(np.eye(9), LIGHT).data[0]
    assert (matrix.zmin, matrix.zmax) == (-1, 1)
    for theme in (LIGHT, DARK):
        for grids in position_similarity_grids({"ViT": np.eye(9), "fast ViT": np.eye(9)}, 3, theme).data[:2]:
            for cosine in (-1, -0.5, 0, 0.25, 1):
                np.testing.assert_allclose(colour_of(grids, 127 * cosine), colour_of(matrix, cosine), atol=0.01)
    assert overlap_matrix(np.eye(3), LIGHT).data[0].zmin == 0


def test_the_grid_of_grids_shows_every_pair_of_both_models_once(value_at):
    vit, fast = np.random.default_rng(0).uniform(-1, 1, (2, 9, 9))
    picture = position_similarity_grids({"ViT": vit, "fast ViT": fast}, 3, LIGHT)
    for trace, cosines, left in zip(picture.data[:2], (vit, fast), (0, 3 + APART), strict=True):
        for patch, other in np.ndindex(9, 9):
            (row, column), (i, j) = divmod(patch, 3), divmod(other, 3)
            place = left + column + 0.9 * (j + 0.5) / 3, row + 0.9 * (i + 0.5) / 3
            assert value_at(trace, *place) / 127 == pytest.approx(cosines[patch, other], abs=0.5 / 127 + 1e-6)
        empty = value_at(trace, left + 0.95, 0.5)
        assert empty == trace.zmin and trace.colorscale[0][1] == "rgba(0,0,0,0)"
    assert [note.text.split()[-1] for note in picture.layout.annotations[:2]] == ["ViT", "ViT"]


def test_the_grids_of_grids_of_small_patches_stay_small_on_the_way():
    cosines = np.random.default_rng(1).uniform(-1, 1, (196, 196))
    assert len(position_similarity_grids({"ViT": cosines, "fast ViT": cosines}, 14, LIGHT).to_json()) < 200_000


def test_a_small_matrix_is_labelled_with_its_values_and_a_large_one_is_not():
    assert cosine_matrix(np.eye(8), LIGHT).data[0].texttemplate
    large = cosine_matrix(np.eye(48), LIGHT)
    assert large.data[0].texttemplate is None
    assert len(large.layout.xaxis.tickvals) <= 16
