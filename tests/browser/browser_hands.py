"""What a visitor's eyes and hands do on the Explore page."""

from __future__ import annotations

import re

from playwright.sync_api import expect

PANELS = ("tokens", "positions", "attention", "weight-maps", "answers", "curves", "timing")
EXPLORER = "[data-vitviz='attention-explorer']"


def whole(page) -> None:
    """Waits until every panel shows its picture and the server has nothing more to say."""
    for panel in PANELS:
        drawn = f"{EXPLORER} .maps" if panel == "attention" else ".js-plotly-plot .main-svg, [data-testid=stDataFrame]"
        page.locator(f".st-key-panel-{panel}").locator(drawn).first.wait_for()
    settled(page)


def says(place, text: str) -> None:
    """Waits until a place shows this text, whatever kind of spaces is in it; fails if it never does."""
    # a space in the pattern also stands for a space that does not break
    expect(place.first).to_contain_text(re.compile(re.escape(text).replace(r"\ ", r"\s+")), timeout=60_000)


def settled(page) -> None:
    """Waits until the server has answered, counted from a moment after the last deed."""
    page.wait_for_timeout(250)
    page.wait_for_function("document.querySelector('[data-test-script-state=notRunning]') !== null")
    page.wait_for_timeout(100)


def slide(page, key: str, press: str) -> None:
    """Moves a slider by a key, and waits for the page."""
    slider = page.locator(f".st-key-{key} input[type=range]")
    slider.focus()
    slider.press(press)
    settled(page)


def answers(page) -> dict[str, tuple[str, str]]:
    """What each model says in the strip, and how sure it is."""
    found = {}
    for card in page.locator(".vv-answer").all():
        said = card.locator("b").inner_text(), card.locator(".vv-share").inner_text()
        found[card.locator(".vv-label").inner_text()] = said
    return found
