"""The Explore page in a real browser."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

PANELS = ("tokens", "positions", "attention", "weight-maps", "answers", "curves", "timing")


def whole(page) -> None:
    """Waits until every panel shows its picture and nothing runs any more."""
    for panel in PANELS:
        picture = "[data-vitviz='attention-explorer'] canvas" if panel == "attention" else ".js-plotly-plot .main-svg"
        page.locator(f".st-key-panel-{panel} {picture}").first.wait_for()
    settled(page)


def settled(page) -> None:
    """Waits until the server has answered."""
    page.wait_for_function("!document.querySelector('[data-test-script-state=running]')")


def test_the_first_page_shows_every_panel_and_both_answers(dashboard, visit):
    page = visit(dashboard)
    whole(page)
    answers = page.locator(".vv-answer").all_inner_texts()
    assert len(answers) == 2
    assert answers[0].startswith("ViT") and answers[1].startswith("fast ViT")
    assert all("%" in text for text in answers)
    for key in ("patch_size", "n_maps", "image"):
        assert page.locator(f".st-key-{key}").is_visible()
