"""Positional similarity follows the pointer in the browser, here and in the attention explorer."""

from __future__ import annotations

import numpy as np
import pytest
from browser_hands import EXPLORER, settled, slide, whole

from vitviz.commands import main

pytestmark = pytest.mark.browser

PANEL = ".st-key-panel-positions"
INSIDE = "[data-vitviz='positions']"
VIEW = f"{PANEL} {INSIDE}"
MODELS = ("vit", "fast2")
GRID = 4  # patch size 7 of 28 pixels

# Moves the pointer to the middle of a patch of a canvas, and reads what the positions show, all within one task
POINT = """
(canvas, { patch, grid, panel, view }) => {
  const find = (root) => root.querySelector(view)
    ?? [...root.querySelectorAll("*")].map((node) => node.shadowRoot && find(node.shadowRoot)).find(Boolean);
  const root = find(document.querySelector(panel));
  const shown = () => {
    return { patch: root.__vitviz.patch(), values: root.__vitviz.read(0),
             pixels: [...root.querySelectorAll("canvas")].map((one) => one.toDataURL()) };
  };
  const before = shown();
  const box = canvas.getBoundingClientRect();
  const unit = box.width / grid;
  canvas.dispatchEvent(new PointerEvent("pointermove", { clientX: box.left + (patch % grid + 0.5) * unit,
    clientY: box.top + (Math.floor(patch / grid) + 0.5) * unit, pointerType: "mouse", bubbles: true, composed: true }));
  return { before, after: shown() };
}
"""


@pytest.fixture
def page(dashboard, visit):
    page = visit(f"{dashboard}/?patch_size=7&n_maps=2&image=Bag+18")
    whole(page)
    return page


@pytest.fixture(scope="module")
def cosines(trained, tmp_path_factory) -> list[np.ndarray]:
    """Of each model, from the arrays of the command line, `(tokens, tokens)`."""
    found = []
    for kind in MODELS:
        run = next(path.name for path in trained.iterdir() if path.name.endswith(f"tuned-p7-{kind}"))
        out = tmp_path_factory.mktemp("trace") / "trace.npz"
        assert main(["trace", run, "--index", "0", "--out", str(out), "--runs-dir", str(trained)]) == 0
        with np.load(out) as arrays:
            directions = arrays["position_embedding"].astype(np.float64)
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        found.append(directions @ directions.T)
    return found


def point(page, selector: str, patch: int) -> dict:
    """What the positions show before and after the pointer comes to a patch of this canvas."""
    canvas = page.locator(selector).first
    return canvas.evaluate(POINT, {"patch": patch, "grid": GRID, "panel": PANEL, "view": INSIDE})


def shown(page) -> tuple[int, list[np.ndarray]]:
    """The patch, and the cosines of each model."""
    view = page.locator(VIEW)
    values = view.evaluate("root => [0, 1].map(model => root.__vitviz.read(model))")
    return view.evaluate("root => root.__vitviz.patch()"), [np.array(one) for one in values]


def test_hovering_here_paints_both_models_cosines_in_the_same_task(page, cosines):
    for patch in (0, 6, 15):
        found = point(page, f"{VIEW} canvas", patch)
        assert found["after"]["patch"] == patch
        assert all(a != b for a, b in zip(found["before"]["pixels"], found["after"]["pixels"], strict=True))
        for values, expected in zip(shown(page)[1], cosines, strict=True):
            np.testing.assert_allclose(values, expected[patch], atol=1e-4)


def test_hovering_the_explorer_moves_the_positions_in_the_same_task_without_the_server(page, cosines):
    picture = f"{EXPLORER} .picture canvas"
    for patch in (1, 11):
        found = point(page, picture, patch)
        assert found["after"]["patch"] == patch
        assert all(a != b for a, b in zip(found["before"]["pixels"], found["after"]["pixels"], strict=True))
        np.testing.assert_allclose(found["after"]["values"], cosines[0][patch], atol=1e-4)


def test_a_pin_stays_while_the_pointer_reads_other_patches(page, cosines):
    maps = page.locator(f"{VIEW} canvas").first
    unit = maps.bounding_box()["width"] / GRID
    maps.click(position={"x": 2.5 * unit, "y": 0.5 * unit})  # patch 2
    page.wait_for_url(lambda url: "pin=3%2C17" in url or "pin=3,17" in url)
    assert page.locator(EXPLORER).get_attribute("data-pinned") == "true"
    maps.hover(position={"x": 0.5 * unit, "y": 3.5 * unit})  # patch 12
    assert shown(page)[0] == 2
    read = page.locator(f"{VIEW} .reading").first.inner_text()
    assert read == f"{cosines[0][2, 12]:.2f} with row 4, col 1".replace("-", "−")
    page.locator(f"{EXPLORER} .picture canvas").hover(position={"x": 20, "y": 20})
    assert shown(page)[0] == 2 and "pinned" in page.locator(f"{VIEW} .where").inner_text()
    slide(page, "n_maps", "Home")
    assert shown(page)[0] == 2
    page.locator(f"{VIEW} .maps").press("Escape")
    page.wait_for_url(lambda url: "pin=" not in url)
    assert point(page, f"{EXPLORER} .picture canvas", 5)["after"]["patch"] == 5


def test_the_pin_of_a_link_is_the_patch_of_the_positions(dashboard, visit):
    page = visit(f"{dashboard}/?patch_size=7&n_maps=2&pin=26,2")
    whole(page)
    page.wait_for_function("document.vitvizPatch?.pinned")
    assert shown(page)[0] == 12


def test_arrow_keys_move_the_patch_and_enter_pins_it(page):
    maps = page.locator(f"{VIEW} .maps")
    maps.focus()
    start = shown(page)[0]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert shown(page)[0] == start - 1 - GRID
    assert "Most alike, ViT: " in page.locator(f"{VIEW} .spoken").text_content()
    for _ in range(GRID + 1):
        page.keyboard.press("ArrowUp")
    assert 0 <= shown(page)[0] < GRID
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "pin=" in url)
    pinned = shown(page)[0]
    page.keyboard.press("ArrowDown")
    assert shown(page)[0] == pinned + GRID
    assert page.locator(EXPLORER).get_attribute("data-pinned") == "true"


def test_the_pointer_on_the_grids_of_grids_shows_that_patch_and_says_the_cosine(page, cosines):
    plot = page.locator(f"{PANEL} .js-plotly-plot")
    place = """(node, [x, y]) => { const box = node.getBoundingClientRect(), { xaxis, yaxis } = node._fullLayout;
        return { x: xaxis._offset + xaxis.d2p(x), y: yaxis._offset + yaxis.d2p(y) }; }"""
    left = plot.evaluate("node => node._fullLayout.xaxis.range[1]") - (GRID - 0.1)  # of the second model
    # patch 9: row 3, column 2; within it, patch 7: row 2, column 4
    at = plot.evaluate(place, [left + 1 + 0.9 * 3.5 / 4, 2 + 0.9 * 1.5 / 4])
    before = shown(page)[0]
    plot.hover(position=at)
    assert shown(page)[0] == 9
    tip = page.locator(f"{PANEL} .vv-chart-tip")
    said = "fast ViT: row 3, column 2with row 2, column 4: " + f"{cosines[1][9, 7]:.2f}".replace("-", "−")
    assert tip.text_content() == said and tip.is_visible()
    page.mouse.move(2, 2)
    assert shown(page)[0] == before and not tip.is_visible()


def test_neither_slider_changes_the_height_of_the_panel(dashboard, visit):
    page = visit(f"{dashboard}/?patch_size=4&n_maps=2")
    whole(page)
    heights = set()
    for press in ("Home", "ArrowRight", "ArrowRight"):
        slide(page, "patch_size", press)
        settled(page)
        heights.add(tuple(page.locator(part).bounding_box()["height"] for part in (PANEL, VIEW)))
    assert len(heights) == 1


@pytest.mark.parametrize("width", [1440, 1280, 390])
def test_every_line_fits_its_place(dashboard, visit, width):
    page = visit(f"{dashboard}/?patch_size=4&n_maps=2&pin=27,27", width=width)
    whole(page)
    lines = page.locator(f"{VIEW} p")
    assert lines.count() == 3
    assert lines.evaluate_all("all => all.filter(one => one.scrollWidth > one.clientWidth).length") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
