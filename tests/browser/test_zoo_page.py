"""The Explore page over the models that ship, with no network and with no pictures but the bundled ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_hands import EXPLORER, PANELS, answers, says, settled, slide, whole

from vitviz.runs import RunRecord
from vitviz.zoo import FOLDER, open_zoo

pytestmark = pytest.mark.browser

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
