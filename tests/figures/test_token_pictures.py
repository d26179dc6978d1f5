from __future__ import annotations

import base64
import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from vitviz.config import ARTICLE, TUNED
from vitviz.figures.pixels import png_address
from vitviz.figures.theme import LIGHT
from vitviz.figures.together import Place, together
from vitviz.figures.tokens import patches_apart, picture_under_grid, token_sequence

COLOUR = dataclasses.replace(TUNED.model, channels=3, patch_size=4)


def decoded(address: str) -> np.ndarray:
    kind, text = address.split(",", 1)
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pixels_reach_the_picture_unchanged(channels):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, channels)).astype(np.float32)
    np.testing.assert_array_equal(decoded(png_address(pixels)).reshape(pixels.shape), pixels)


def test_pixels_out_of_range_are_clipped_and_not_wrapped():
    assert decoded(png_address(np.array([[[-3.0], [255.4], [300.0]]]))).tolist() == [[0, 255, 255]]


def hatching(picture):
    return [trace for trace in picture.data if trace.type == "scatter" and trace.fill == "toself"]


def test_pixels_that_no_patch_covers_are_hatched_and_said_to_be_dropped(made_up):
    picture = picture_under_grid(made_up(ARTICLE.model).image, ARTICLE.model, LIGHT)  # 5 × 5 pixels: 3 are left over
    (hatch,) = hatching(picture)
    assert hatch.fillpattern.shape == "/" and "dropped" in hatch.text
    assert (min(x for x in hatch.x if x), max(hatch.x)) == (25, 28)


def test_padding_is_hatched_beyond_the_picture_and_said_to_be_padding(made_up):
    config = dataclasses.replace(ARTICLE.model, edge="pad")
    picture = picture_under_grid(made_up(config).image, config, LIGHT)
    (hatch,) = hatching(picture)
    assert "padding" in hatch.text
    assert (min(x for x in hatch.x if x), max(hatch.x)) == (28, 30)
    assert decoded(picture.data[0].source).shape[:2] == (30, 30)


def test_nothing_is_hatched_where_patches_cover_the_picture(made_up):
    assert not hatching(picture_under_grid(made_up(TUNED.model).image, TUNED.model, LIGHT))


def test_every_patch_can_be_pointed_at(made_up):
    points = picture_under_grid(made_up(TUNED.model).image, TUNED.model, LIGHT).data[-1]
    assert list(points.customdata) == list(range(49))
    assert (points.x[8], points.y[8]) == (6, 6)  # the second patch of the second row, of 4 × 4 pixels


@pytest.mark.parametrize("draw", [patches_apart, token_sequence])
def test_each_patch_shows_its_own_pixels(made_up, draw):
    seen = made_up(COLOUR)
    picture = draw(seen.patches, COLOUR, LIGHT)
    canvas = decoded(picture.data[0].source)
    points = picture.data[-1]
    for number, patch in enumerate(seen.patches.reshape(49, 4, 4, 3)):
        x, y = int(points.x[number]), int(points.y[number])
        np.testing.assert_array_equal(canvas[y, x, :3], patch[2, 2])  # just right of and below the middle
        assert canvas[y, x, 3] == 255
    assert (canvas[..., 3] == 0).any()  # gaps let the page through


def test_the_sequence_reads_like_a_text(made_up):
    picture = token_sequence(made_up(COLOUR).patches, COLOUR, LIGHT)
    points = picture.data[-1]
    places = list(zip(points.y, points.x, strict=True))
    assert places == sorted(places)
    starts = [int(text) - 1 for text in picture.layout.yaxis.ticktext]
    assert [points.x[start] for start in starts] == [points.x[0]] * len(starts)


def test_pictures_put_together_keep_their_traces_and_their_axes(made_up):
    seen = made_up(COLOUR)
    alone = [picture_under_grid(seen.image, COLOUR, LIGHT), token_sequence(seen.patches, COLOUR, LIGHT)]
    places = [Place(0.0, 0.4, 0.5, 1.0), Place(0.5, 1.0, 0.0, 0.4)]
    both = together(list(zip(alone, places, strict=True)), height=200)
    assert both.layout.height == 200
    for number, (picture, place) in enumerate(zip(alone, places, strict=True)):
        suffix = str(number + 1) if number else ""
        own = [trace for trace in both.data if trace.xaxis == f"x{suffix}"]
        assert [trace.type for trace in own] == [trace.type for trace in picture.data]
        x, y = both.layout[f"xaxis{suffix}"], both.layout[f"yaxis{suffix}"]
        assert (x.domain, y.domain) == ((place.left, place.right), (place.bottom, place.top))
        assert y.range == picture.layout.yaxis.range and y.scaleanchor == f"x{suffix}"
        assert (x.anchor, y.anchor) == (f"y{suffix}", f"x{suffix}")
    assert both.layout.yaxis2.ticktext == alone[1].layout.yaxis.ticktext


def test_a_picture_with_annotations_stays_alone(made_up):
    picture = picture_under_grid(made_up(COLOUR).image, COLOUR, LIGHT)
    picture.add_annotation(text="here", x=1, y=1)
    with pytest.raises(ValueError, match="annotations"):
        together([(picture, Place(0, 1, 0, 1))], height=200)
