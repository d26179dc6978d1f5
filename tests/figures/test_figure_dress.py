"""What holds for every picture: its size stays, it wears the theme, and it is few traces."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from vitviz.analysis.operations import layers
from vitviz.config import ARTICLE, TUNED
from vitviz.figures import palette
from vitviz.figures.answers import answers
from vitviz.figures.attention import attention_mosaic
from vitviz.figures.attention_distance import attention_distance
from vitviz.figures.curves import METRICS, curves
from vitviz.figures.layer_costs import layer_costs
from vitviz.figures.similarity import cosine_matrix, overlap_matrix, position_similarity_grids
from vitviz.figures.theme import DARK, LIGHT
from vitviz.figures.timing import ratio, step_time, total_time
from vitviz.figures.tokens import patches_apart, picture_under_grid, token_sequence
from vitviz.figures.weight_maps import weight_maps

BOTH = ("ViT", "fast ViT")
ROW = {"epoch": 1, "seconds": 9.5} | {prefix + name: 0.8 for prefix in ("", "val_") for name in METRICS}


def every_picture(config, seen, theme):
    """All pictures of one configuration, by name."""
    tokens, maps = config.tokens, config.n_maps
    distances = np.where(np.arange(config.blocks)[:, None] < config.insert_after, 1.5, np.nan) * np.ones(config.heads)
    step = {"median": 20.0, "q1": 18.0, "q3": 23.0}
    parts = {"set-up": 1.0, "compilation": 5.0, "training": 60.0}
    return {
        "picture": picture_under_grid(seen.image, config, theme),
        "apart": patches_apart(seen.patches, config, theme),
        "sequence": token_sequence(seen.patches, config, theme),
        "positions": position_similarity_grids(dict.fromkeys(BOTH, np.eye(tokens)), config.grid, theme),
        "attention": attention_mosaic(config, seen.attention, 0, theme),
        "maps": weight_maps(seen.image, seen.weight_maps, config, theme),
        "overlap": overlap_matrix(np.eye(maps), theme),
        "cosine": cosine_matrix(np.eye(maps), theme),
        "distance": attention_distance({name: distances for name in BOTH}, theme, farthest=9),
        "answers": answers(dict.fromkeys(BOTH, np.full(10, 0.1)), "abcdefghij", theme, truth=1),
        "curves": curves({name: [ROW] for name in BOTH}, "loss", theme),
        "step": step_time(dict.fromkeys(BOTH, step), theme),
        "total": total_time(dict.fromkeys(BOTH, parts), theme),
        "ratio": ratio(theme, measured=0.7, quartiles=(0.65, 0.75), counted=0.58),
        "costs": layer_costs({"ViT": layers(config.plain()), "fast ViT": layers(config)}, theme),
    }


SETTINGS = {
    "tuned": TUNED.model.fast(8),
    "article": ARTICLE.model.fast(4),
    "padded colour": dataclasses.replace(TUNED.model, channels=3, patch_size=5, edge="pad", n_maps=3),
    "fine, first": dataclasses.replace(TUNED.model, patch_size=2, n_maps=16, insert_after=0, token_learner="v1.1"),
    "coarse, last": dataclasses.replace(TUNED.model, patch_size=14, n_maps=1, insert_after=4, heads=1),
}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("config", SETTINGS.values(), ids=SETTINGS)
def test_every_picture_wears_the_theme_and_keeps_its_size(made_up, config, theme):
    for name, picture in every_picture(config, made_up(config), theme).items():
        layout = picture.layout
        assert layout.height and layout.width is None, name
        assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)", name
        assert layout.font.family.startswith("Inter") and layout.font.size in (13, 14), name
        assert layout.font.color == theme.text, name
        assert layout.title.text is None, name
        assert layout.xaxis.automargin is False and layout.yaxis.automargin is False, name
        assert not layout.xaxis.zeroline, name
        json.loads(picture.to_json(), parse_constant=pytest.fail)  # bare NaN is not JSON


@pytest.mark.parametrize("config", SETTINGS.values(), ids=SETTINGS)
def test_no_picture_draws_a_trace_per_patch_head_or_map(made_up, config):
    for name, picture in every_picture(config, made_up(config), LIGHT).items():
        assert len(picture.data) <= 4, name


def test_sliders_do_not_change_the_height_of_a_picture(made_up):
    heights = [
        {name: picture.layout.height for name, picture in every_picture(config, made_up(config), LIGHT).items()}
        for config in SETTINGS.values()
    ]
    assert all(each == heights[0] for each in heights)


def contrast(one: str, other: str) -> float:
    dark, light = sorted((palette.luminance(one), palette.luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_words_and_models_stand_out_from_the_page(theme):
    for ground in (theme.background, theme.surface):
        assert contrast(theme.text, ground) >= 7
        assert contrast(theme.muted, ground) >= 4.5
        assert contrast(theme.accent, ground) >= 4.5
        assert contrast(palette.VIT, ground) >= 3  # WCAG 1.4.11, graphics
        assert contrast(palette.FAST, ground) >= 3


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_words_on_a_bar_stand_out_from_it(made_up, theme):
    config = TUNED.model.fast(8)
    seen = 0
    for name, picture in every_picture(config, made_up(config), theme).items():
        for trace in picture.data:
            if trace.type != "bar" or trace.text is None or trace.textposition == "outside":
                continue
            grounds, inks = (np.broadcast_to(each, len(trace.x)) for each in (trace.marker.color, trace.textfont.color))
            for text, ground, ink in zip(trace.text, grounds, inks, strict=True):
                if text:
                    seen += 1
                    assert contrast(ink, ground) >= 4.5, (name, text)
    assert seen >= 8  # two steps and the large layers of two models


def test_the_sequential_scale_never_turns_back_in_lightness():
    lightness = [palette.luminance("#" + colour.tobytes().hex()) for colour in palette.colour_table(palette.SEQUENTIAL)]
    assert (np.diff(lightness) > -1e-3).all()
    assert lightness[0] < 0.03 and lightness[-1] > 0.7


def test_the_diverging_scale_is_lightest_at_zero():
    table = palette.colour_table(palette.DIVERGING, steps=201)
    lightness = [palette.luminance("#" + colour.tobytes().hex()) for colour in table]
    assert np.argmax(lightness) == 100
    assert table.dtype == np.uint8 and table.shape == (201, 3)
