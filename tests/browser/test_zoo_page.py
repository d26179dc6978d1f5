"""The Explore page over the models that ship, with no network and with no pictures but the bundled ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_hands import EXPLORER, PANELS, answers, says, settled, slide, whole
from playwright.sync_api import expect

from vitviz.runs import RunRecord
from vitviz.zoo import FOLDER, open_zoo

pytestmark = pytest.mark.browser

LONG = 400_000  # ms: for a training that imports TensorFlow and compiles, while others are at work
SHIPPED = [run for run in open_zoo().list() if run.model.n_maps is not None]
NO_DATA = """
import sys
from pathlib import Path
sys.path.insert(0, {project!r})
import vitviz.data.find
vitviz.data.find.DEBIAN_FASHION_MNIST = Path("nowhere")
import streamlit as st
from vitviz.ui import serving
app = st.App({dashboard!r}, routes=serving.pages(), lifespan=serving.readied)
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard that has the shipped models and the bundled sample, and nothing else."""
    from conftest import DASHBOARD, PROJECT, serving

    root = tmp_path_factory.mktemp("alone")
    script = root / "dashboard.py"
    script.write_text(NO_DATA.format(project=str(PROJECT), dashboard=str(DASHBOARD)), encoding="utf-8")
    nowhere = "http://localhost:9"  # where nothing listens: a download fails at once
    variables = {"KERAS_HOME": str(root / "keras"), "http_proxy": nowhere, "https_proxy": nowhere}
    with serving(root / "runs", root / "output.txt", zoo=str(FOLDER), script=script, **variables) as address:
        yield address


def test_the_pair_of_the_tutorial_shows_every_panel(alone, visit):
    article = next(run for run in SHIPPED if run.preset == "article")
    page = visit(f"{alone}/?models={_family(article)}")
    whole(page)
    _shows_all_of(page, article)


@pytest.mark.skipif(not any(run.preset == "tuned" for run in SHIPPED), reason="the tuned models are not trained yet")
def test_the_sliders_move_over_every_tuned_setting_and_every_panel_follows(alone, visit):
    page = visit(alone)
    whole(page)
    tuned = {(run.model.patch_size, run.model.n_maps): run for run in SHIPPED if run.preset == "tuned"}
    reached = []
    _slide_to_start(page, "patch_size")
    for patch_size in sorted({size for size, _ in tuned}):
        _slide_to_start(page, "n_maps")
        for count in sorted(count for size, count in tuned if size == patch_size):
            _shows_all_of(page, tuned[patch_size, count])
            reached.append((patch_size, count))
            _slide(page, "n_maps")
        _slide(page, "patch_size")
    assert sorted(reached) == sorted(tuned)


def test_a_setting_beside_the_shipped_ones_is_timed_trained_and_shown_from_here(alone, visit):
    page = visit(f"{alone}/?patch_size=14&n_maps=2")
    whole(page)
    page.get_by_role("button", name="Settings").click()
    page.locator(".st-key-another-setting summary").click()
    maps = page.locator(".st-key-other_n_maps input")
    maps.fill("3")
    maps.press("Enter")
    offer = page.locator(".st-key-train-here")
    says(offer, "By itself: 6 epochs over 3,000 pictures of Fashion-MNIST, bundled sample")
    expect(offer).to_contain_text(re.compile(r"About \d+ (s|min) in all on this computer"), timeout=LONG)
    offer.get_by_role("button", name="Train the pair, 3 maps now").click()
    page.keyboard.press("Escape")
    page.locator(".st-key-flow .st-key-training-now").wait_for()
    page.locator(".st-key-show-trained button").click(timeout=LONG)
    says(page.locator(".st-key-flow"), "4 → 3")
    page.wait_for_url(re.compile("models=tuned-fashion_mnist_mini"))
    whole(page)
    assert list(answers(page)) == ["ViT", "fast ViT"]
    page.locator(".st-key-outcome").wait_for(state="hidden")


def _shows_all_of(page, fast: RunRecord) -> None:
    """Every panel is about this model and its ViT, and none has anything to complain of."""
    tokens, count = fast.model.tokens, fast.model.n_maps
    says(page.locator(".st-key-flow"), f"{tokens} → {count}")
    says(page.locator(".vv-flow-number").nth(3), f"{fast.metrics['test']['accuracy']:.1%}")
    says(page.locator(f"{EXPLORER} .title").last, f"{tokens} patches → {count} token")
    says(page.locator(".st-key-panel-tokens"), f"{tokens}×{fast.model.patch_values}")
    says(page.locator(".st-key-panel-curves"), f"fast ViT {fast.metrics['test']['accuracy']:.1%}")
    settled(page)
    for panel in PANELS:
        drawn = f"{EXPLORER} .maps" if panel == "attention" else ".js-plotly-plot .main-svg"
        page.locator(f".st-key-panel-{panel}").locator(drawn).first.wait_for()
    page.locator(".st-key-panel-weight-maps .annotation").nth(count - 1).wait_for(state="attached")
    assert list(answers(page)) == ["ViT", "fast ViT"]
    assert page.locator("[data-testid=stAlert], .vv-reason").count() == 0


def _family(run: RunRecord) -> str:
    from vitviz.ui.catalogue import catalogue

    families = catalogue(Path("nowhere"), FOLDER).families.values()
    return next(family.key for family in families if run.id in {other.id for other in family.runs})


def _slide_to_start(page, key: str) -> None:
    if page.locator(f".st-key-{key} input[type=range]").count():
        slide(page, key, "Home")


def _slide(page, key: str) -> None:
    if page.locator(f".st-key-{key} input[type=range]").count():  # a single value has no slider
        slide(page, key, "ArrowRight")
    settled(page)
