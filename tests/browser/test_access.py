"""The Explore page without a mouse, and for eyes that need contrast."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser_hands import EXPLORER, settled, whole

pytestmark = pytest.mark.browser

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
LEAST = 4.5  # WCAG 2.1, level AA
MANY = 160  # presses of Tab: more than the page has stops

# What has the focus: the key of its place on the page, what it is, and whether its looks change with the focus
STOP = """
async () => {
  let node = document.activeElement;
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
  if (!node || node === document.body) return null;
  const parentOf = (at) => at.parentElement ?? at.getRootNode().host ?? null;
  const keyOf = (at) => [...at.classList].find((name) => name.startsWith("st-key-"))?.slice(7);
  let place = node;
  while (place && !keyOf(place)) place = parentOf(place);
  const near = [node, node.nextElementSibling, ...node.querySelectorAll("*")].filter(Boolean).slice(0, 12);
  for (let up = parentOf(node), steps = 0; up && steps < 4; up = parentOf(up), steps++) near.push(up);
  const looks = () => near.map((each) => {
    const style = getComputedStyle(each);
    const outline = style.outlineStyle === "none" ? "" : style.outlineWidth + style.outlineColor;
    return [outline, style.boxShadow, style.borderColor, style.backgroundColor].join(" ");
  }).join("|");
  const soon = () => new Promise((done) => setTimeout(done, 50));
  await soon();
  const focused = looks();
  node.blur();
  await soon();
  const plain = looks();
  node.focus();
  const name = (node.getAttribute("aria-label") || node.innerText || node.name || node.type || "").trim();
  const kind = node.tagName.toLowerCase();
  return { key: place ? keyOf(place) : "", kind, name: name.slice(0, 60), ring: focused !== plain };
}
"""


def test_tab_reaches_every_control_and_shows_where_it_is(dashboard, visit):
    page = visit(f"{dashboard}/?patch_size=7&n_maps=2")
    whole(page)
    page.add_style_tag(content="* { transition: none !important; }")  # looks are compared, and must not be on their way
    stops = []
    for _ in range(MANY):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None:
            break
        stops.append(stop)
    keys = {stop["key"] for stop in stops}
    controls = {
        "image", "gallery", "random", "own", "patch_size", "n_maps", "settings", "copy_link", "tour", "maps_view",
        "own_scales", "measure", "clock", "timing_view",
    }  # fmt: skip
    assert controls - keys == set()
    assert {f"more-{panel}" for panel in ("attention", "weight-maps", "answers", "tokens", "timing")} - keys == set()
    named = {stop["name"] for stop in stops}
    assert any(name.startswith("The picture under its grid") for name in named)
    assert sum("attention maps" in name for name in named) == 2
    assert any(name.startswith("Positional similarity of one patch") for name in named)
    assert {"heads", "direction", "scale", "overlay"} <= {stop["name"] for stop in stops if stop["kind"] == "input"}
    # the page itself is a stop as well, for scrolling
    assert [stop for stop in stops if not stop["ring"] and stop["kind"] != "main"] == []


def test_the_keyboard_alone_chooses_pins_opens_and_saves(dashboard, visit):
    page = visit(dashboard)
    whole(page)
    page.locator(".st-key-random button").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "image=" in url)
    settled(page)
    canvas = page.locator(f"{EXPLORER} .picture canvas")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "pin=" in url)
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "pin=" not in url)
    page.locator(".st-key-more-timing button").first.focus()
    page.keyboard.press("Enter")
    save = page.locator(".st-key-save-timing button")
    save.wait_for()
    save.focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".csv")
    page.keyboard.press("Escape")
    save.wait_for(state="hidden")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_background(dashboard, visit, scheme):
    page = visit(dashboard, color_scheme=scheme)
    whole(page)
    assert page.evaluate(CONTRAST, LEAST) == []
    page.locator(".st-key-settings button").first.click()
    page.locator(".st-key-family").wait_for()
    settled(page)
    assert page.evaluate(CONTRAST, LEAST) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Tour").click()
    page.locator(".st-key-tour [role=dialog]").wait_for()
    assert page.evaluate(CONTRAST, LEAST) == []
