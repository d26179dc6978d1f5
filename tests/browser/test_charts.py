"""Charts: they change in their place, fit it, and fill the screen when asked to."""

from __future__ import annotations

import pytest
from browser_hands import settled, slide, whole

pytestmark = pytest.mark.browser

CHARTS = ("tokens", "positions", "weight-maps", "answers", "curves", "timing")


def _chart(panel: str) -> str:
    return f".st-key-panel-{panel} .js-plotly-plot"


def test_a_slider_changes_every_chart_in_its_place(dashboard, visit):
    page = visit(f"{dashboard}/?patch_size=7&n_maps=2")
    whole(page)
    figures = "panels => panels.map(panel => JSON.stringify(document.querySelector(panel)._fullLayout.meta))"
    selectors = [_chart(panel) for panel in CHARTS]
    page.evaluate("panels => panels.forEach(panel => document.querySelector(panel).wasHere = true)", selectors)
    before = page.evaluate(figures, selectors)
    slide(page, "patch_size", "ArrowRight")
    page.wait_for_function(f"before => ({figures})({selectors!r}).every((now, n) => now !== before[n])", arg=before)
    assert page.evaluate("panels => panels.every(panel => document.querySelector(panel).wasHere)", selectors)


def test_charts_fill_the_width_that_the_window_leaves_them(dashboard, visit):
    page = visit(dashboard)
    whole(page)
    for width in (1440, 1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        settled(page)
        for panel in CHARTS:
            fits = """([panel, selector]) => {
                const plot = document.querySelector(selector), room = plot.closest(".vv-chart").clientWidth;
                return room > 100 && Math.abs(plot.querySelector(".main-svg").clientWidth - room) <= 1;
            }"""
            page.wait_for_function(fits, arg=[panel, _chart(panel)])


def test_a_chart_fills_the_screen_and_comes_back_by_the_keyboard_alone(dashboard, visit):
    page = visit(dashboard)
    whole(page)
    plot = page.locator(_chart("positions"))
    small = plot.bounding_box()
    button = page.locator(".st-key-panel-positions").get_by_role("button", name="Whole screen")
    button.focus()
    button.press("Enter")
    page.wait_for_function(
        f"document.querySelector({_chart('positions')!r}).clientHeight >= window.innerHeight - 1"
        " && document.fullscreenElement !== null"
    )
    button.press("Enter")
    page.wait_for_function(f"document.querySelector({_chart('positions')!r}).clientHeight === {small['height']:.0f}")
    assert page.evaluate("document.fullscreenElement") is None


def test_a_chart_comes_without_the_documents_help(dashboard, chromium):
    """Where the document's own script could not be fetched, the first chart fetches it again."""
    page = chromium.new_context().new_page()  # the refusal is an error in the console
    refused = []

    def refuse_once(route):
        if refused:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.fulfill(status=500, body="")

    page.route("**/plotly.js*", refuse_once)
    page.goto(dashboard)
    whole(page)
    assert refused
    page.context.close()
