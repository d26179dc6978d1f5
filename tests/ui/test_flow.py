"""The band that shows the picture's way through both models."""

from __future__ import annotations

import dataclasses
import re
from types import SimpleNamespace

import numpy as np
import pytest

from vitviz.analysis.operations import total_macs
from vitviz.config import PRESETS
from vitviz.figures.theme import LIGHT
from vitviz.ui.catalogue import Pair
from vitviz.ui.flow import Station, band, stations
from vitviz.ui.pictures import Picture
from vitviz.ui.scene import Scene

VIT = dataclasses.replace(PRESETS["tuned"].model, patch_size=4)


def record(model, accuracy: float | None = 0.9):
    """What the band reads of a run."""
    metrics = {} if accuracy is None else {"test": {"accuracy": accuracy}}
    return SimpleNamespace(
        id="a run", model=model, metrics=metrics, operations={"macs": total_macs(model)},
        timing={"step_ms": {"median": 12.34}},
    )  # fmt: skip


def scene(vit=None, fast=None) -> Scene:
    picture = Picture("a picture", np.zeros((28, 28, 1), np.uint8), None)
    return Scene(Pair(vit=vit, fast=fast), picture, LIGHT)


def numbers(html: str) -> list[str]:
    """The counts in the blocks, and before and after the TokenLearner, in their order."""
    return re.findall(r"<b>(\d+|\d+ → \d+)</b>", html)


def test_the_token_learner_stands_after_its_block():
    fast = dataclasses.replace(VIT.fast(8), insert_after=1)
    found = stations(fast)
    assert [station.name for station in found] == ["Block 1", "TokenLearner", "Block 2", "Block 3", "Block 4"]
    assert found[1] == Station("TokenLearner", 49, 8)
    assert [station.after for station in found] == [49, 8, 8, 8, 8]


def test_before_the_first_block_it_stands_first():
    assert stations(dataclasses.replace(VIT.fast(2), insert_after=0))[0] == Station("TokenLearner", 49, 2)


@pytest.mark.parametrize("count", [1, 2, 16])
def test_both_lanes_count_the_tokens_that_every_block_reads(count):
    html = band(scene(record(VIT), record(VIT.fast(count))), ratio=0.75)
    assert numbers(html) == ["49"] * 4 + ["49", "49", f"49 → {count}", str(count), str(count)]
    assert ("one learned token" if count == 1 else f"{count} learned tokens") in html


def test_the_costs_are_those_of_the_runs_and_shares_of_the_vits():
    vit, fast = record(VIT, 0.9125), record(VIT.fast(8), 0.905)
    html = band(scene(vit, fast), ratio=0.7512)
    share = total_macs(VIT.fast(8)) / total_macs(VIT)
    for words in ("91.2%", "90.5%", "12.3 ms", f"×{share:.2f}", "×0.75"):
        assert words in html


def test_what_is_not_known_is_a_dash_and_no_number():
    html = band(scene(record(VIT, None), record(VIT.fast(8), None)), ratio=None)
    assert html.count('data-name="test accuracy">–') == 2
    assert html.count('data-name="training step">–') == 1


def test_a_missing_model_leaves_its_lane_to_the_offer():
    alone = scene(vit=record(VIT))
    assert numbers(band(alone, ratio=None)) == ["49"] * 4
    assert "There is no such model" in band(alone, ratio=None)
    assert "There is no such model" not in band(alone, ratio=None, offered=True)
    fast = band(scene(fast=record(VIT.fast(8))), ratio=None, offered=True)
    assert numbers(fast) == ["49", "49", "49 → 8", "8", "8"]
