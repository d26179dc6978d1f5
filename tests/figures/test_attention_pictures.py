from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vitviz.config import TUNED
from vitviz.figures.attention import attention_mosaic
from vitviz.figures.attention_distance import attention_distance
from vitviz.figures.mosaic import GAP
from vitviz.figures.theme import LIGHT

VIT, FAST = TUNED.model, TUNED.model.fast(5)
SIDE = 1 - GAP


def middle(index: int, cells: int) -> float:
    return SIDE * (index + 0.5) / cells


@pytest.mark.parametrize("direction", ["from", "to"])
def test_a_tile_shows_where_the_patch_looks_or_who_looks_at_it(made_up, value_at, direction):
    attention = made_up(VIT).attention
    picture = attention_mosaic(VIT, attention, 10, LIGHT, direction=direction, scale="shared")
    for layer, head, other in [(0, 0, 0), (2, 3, 20), (3, 1, 48)]:
        row, column = divmod(other, 7)
        found = value_at(picture.data[0], head + middle(column, 7), layer + middle(row, 7))
        pair = (10, other) if direction == "from" else (other, 10)
        assert found == pytest.approx(attention[layer][head][pair], rel=1e-5)


def test_layers_of_learned_tokens_show_the_whole_matrix_in_their_own_rows(made_up, value_at):
    attention = made_up(FAST).attention
    picture = attention_mosaic(FAST, attention, 10, LIGHT, scale="shared")
    found = value_at(picture.data[1], 2 + middle(4, 5), 3 + middle(1, 5))  # head 3, layer 4, token 2 → token 5
    assert found == pytest.approx(attention[3][2][1, 4], rel=1e-5)
    assert picture.data[0].y[-1] == 2 and picture.data[1].y[0] == 2
    assert picture.data[0].zmax == picture.data[1].zmax == pytest.approx(max(a.max() for a in attention[2:]))
    assert "TokenLearner" in [note.text for note in picture.layout.annotations]


def test_a_scale_of_its_own_takes_every_tile_to_full_colour_and_keeps_the_true_weight_to_read(made_up, value_at):
    attention = made_up(VIT).attention
    picture = attention_mosaic(VIT, attention, 0, LIGHT, scale="each")
    trace = picture.data[0]
    shown = np.asarray(trace.z).reshape(4, 8, 4, 8)[:, :7, :, :7]
    np.testing.assert_allclose(shown.max(axis=(1, 3)), 1.0)
    card = value_at(trace, 1 + middle(3, 7), 2 + middle(5, 7), trace.customdata)
    np.testing.assert_allclose(card[:4], [3, 2, 6, 4])  # layer, head, row, column, as people count
    assert card[4] == pytest.approx(attention[2][1][0, 38], rel=1e-5)


def test_a_token_learner_before_the_first_layer_leaves_no_patch_to_mark(made_up):
    config = dataclasses.replace(FAST, insert_after=0)
    assert len(attention_mosaic(config, made_up(config).attention, 10, LIGHT).data) == 1


def test_distances_stand_over_their_layers_and_learned_tokens_have_none():
    vit = np.arange(8.0).reshape(4, 2)
    fast = np.where(np.arange(4)[:, None] < 2, vit, np.nan)
    picture = attention_distance({"ViT": vit, "fast ViT": fast}, LIGHT, farthest=9)
    dots = {trace.name: trace for trace in picture.data if trace.mode == "markers"}
    assert list(dots["ViT"].y) == list(range(8))
    assert [round(x) for x in dots["ViT"].x] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert list(dots["fast ViT"].y) == [0, 1, 2, 3]
    assert any("no place" in note.text for note in picture.layout.annotations)
