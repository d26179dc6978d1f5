"""The attention explorer in a real browser: what it paints against NumPy, and hands that hover, pin and type."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from vitviz.analysis.rollout import rollout
from vitviz.config import ModelConfig

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
SIDE, PATCH, GRID = 30, 4, 7  # two pixels are dropped at the right and at the bottom
TOKENS, MAPS, HEADS, BLOCKS, LEARNER = GRID * GRID, 5, 3, 4, 2

APP = """
import numpy as np, streamlit as st
from vitviz.ui.attention_explorer import ExplorerModel, View, attention_explorer, show_view

st.set_page_config(layout="wide")
arrays = np.load({arrays!r})
patch = st.radio("patch", [4, 10], key="patch")
vit, maps = [arrays[f"vit_{{k}}"] for k in range(4)], arrays["maps"]
fast = [arrays[f"fast_{{k}}"] for k in range(4)]
if patch == 10:
    vit, maps = [arrays[f"small_{{k}}"] for k in range(4)], maps[:9]
    fast = vit[:2] + fast[2:]
models = [ExplorerModel("ViT", "#1F7FC4", vit, distance=np.ones((4, 3))),
          ExplorerModel("Fast ViT", "#D9690F", fast, [maps], [2])]
if st.button("start over"):
    show_view("explorer", View())
view = attention_explorer(
    arrays["image"], models, patch_size=patch, key="explorer",
    colours=["#440154", "#21918C", "#FDE725"], view=View.from_query(st.query_params),
)
for name, value in view.to_query().items():
    if value is None:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = value
st.text(f"pinned is {{view.pinned}}, heads are {{view.heads}}")
"""

SERVER = """
import streamlit as st
from vitviz.ui import serving
app = st.App({page!r}, routes=serving.pages())  # the component's script comes from there
"""


def attention(rng: np.random.Generator, tokens: int) -> np.ndarray:
    weights = np.exp(rng.normal(scale=2.0, size=(HEADS, tokens, tokens)))
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    made = {"image": rng.integers(0, 256, (SIDE, SIDE, 1)).astype(np.float32)}
    made |= {f"vit_{k}": attention(rng, TOKENS) for k in range(BLOCKS)}
    made |= {f"fast_{k}": attention(rng, TOKENS if k < LEARNER else MAPS) for k in range(BLOCKS)}
    made |= {f"small_{k}": attention(rng, 9) for k in range(BLOCKS)}
    return made | {"maps": rng.uniform(0.05, 1.0, (TOKENS, MAPS)).astype(np.float32)}


@pytest.fixture(scope="module")
def address(arrays, tmp_path_factory):
    folder = tmp_path_factory.mktemp("explorer")
    np.savez(folder / "arrays.npz", **arrays)
    (folder / "page.py").write_text(APP.format(arrays=str(folder / "arrays.npz")), encoding="utf-8")
    (folder / "app.py").write_text(SERVER.format(page=str(folder / "page.py")), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "streamlit", "run", str(folder / "app.py"), "--server.port", str(port),
        "--server.headless", "true", "--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none",
    ]  # fmt: skip
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=os.environ | {"PYTHONPATH": str(ROOT)})
    try:
        _wait_for(f"http://localhost:{port}/_stcore/health", server, folder / "log")
        yield f"http://localhost:{port}/"
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(f"no answer from {url}:\n{log.read_text()}")


class Explorer:
    """The explorer as a test handles it."""

    def __init__(self, page, errors: list[str]) -> None:
        self.page, self.errors = page, errors
        self.root = page.locator(".explorer")
        self.picture = page.locator(".picture canvas")

    def open(self, address: str, query: str = "") -> None:
        self.page.goto(address + query)
        self.page.wait_for_selector(".explorer[data-repaint-ms]", timeout=30_000)

    def point(self, patch: int) -> dict[str, float]:
        """Where the middle of a patch is on the large picture."""
        box = self.picture.bounding_box()
        unit = box["width"] / SIDE * PATCH
        return {"x": (patch % GRID + 0.5) * unit, "y": (patch // GRID + 0.5) * unit}

    def hover(self, patch: int) -> None:
        self.picture.hover(position=self.point(patch))

    def pin(self, patch: int) -> None:
        self.picture.click(position=self.point(patch))

    def choose(self, name: str, value: str) -> None:
        self.page.locator(f"input[name={name}][value={value}]").check(force=True)

    def read(self, model: int, layer: int, head: int = 0) -> np.ndarray:
        return np.array(self.root.evaluate("(root, at) => root.__vitviz.read(...at)", [model, layer, head]))

    def query(self) -> dict:
        return self.root.evaluate("root => root.__vitviz.query()")

    def pinned(self) -> bool:
        return self.root.get_attribute("data-pinned") == "true"

    def reported(self, words: str) -> None:
        """Waits until Python has heard and says so."""
        self.page.get_by_text(words).wait_for(timeout=15_000)


@pytest.fixture
def explorer(chromium, address, request):
    options = getattr(request, "param", {})
    context = chromium.new_context(**({"viewport": {"width": 1440, "height": 1000}} | options))
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    found = Explorer(page, errors)
    found.open(address)
    yield found
    context.close()
    assert errors == []


def between_patches(arrays: dict[str, np.ndarray], name: str, layer: int) -> np.ndarray:
    """`(heads, tokens, tokens)`: attention as seen on the picture, through the weight maps where there are any."""
    weights = arrays[f"{name}_{layer}"].astype(np.float64)
    if weights.shape[-1] == TOKENS:
        return weights
    maps = arrays["maps"].astype(np.float64)
    feeds = maps / maps.sum(axis=1, keepdims=True)  # (tokens, n_maps)
    reads = (maps / maps.sum(axis=0)).T  # (n_maps, tokens)
    return feeds @ weights @ reads


MODELS = ("vit", "fast")
EXACT = {"rtol": 2e-3, "atol": 1e-6}  # float16 on the way


def test_hovering_a_patch_paints_its_row_in_every_layer_and_head_of_both_models(explorer, arrays):
    for patch in (0, 17, 48):
        explorer.hover(patch)
        for m, name in enumerate(MODELS):
            for layer in range(BLOCKS):
                expected = between_patches(arrays, name, layer)
                for head in range(HEADS):
                    np.testing.assert_allclose(explorer.read(m, layer, head), expected[head, patch], **EXACT)


def test_attention_to_a_patch_is_a_column(explorer, arrays):
    explorer.choose("direction", "to")
    explorer.hover(30)
    for m, name in enumerate(MODELS):
        for layer in range(BLOCKS):
            expected = between_patches(arrays, name, layer)
            np.testing.assert_allclose(explorer.read(m, layer, 1), expected[1][:, 30], **EXACT)


def test_the_mean_is_over_the_heads(explorer, arrays):
    explorer.choose("heads", "mean")
    explorer.hover(11)
    for m, name in enumerate(MODELS):
        for layer in range(BLOCKS):
            expected = between_patches(arrays, name, layer).mean(axis=0)
            np.testing.assert_allclose(explorer.read(m, layer), expected[11], **EXACT)


@pytest.mark.parametrize("direction", ["from", "to"])
def test_rollout_is_that_of_the_analysis(explorer, arrays, direction):
    explorer.choose("heads", "rollout")
    explorer.choose("direction", direction)
    explorer.hover(24)
    maps = arrays["maps"].astype(np.float64)
    for m, name in enumerate(MODELS):
        config = ModelConfig(
            image_size=SIDE, patch_size=PATCH, blocks=BLOCKS, heads=HEADS, insert_after=LEARNER,
            n_maps=MAPS if name == "fast" else None,
        )  # fmt: skip
        seen = SimpleNamespace(
            config=config, attention=[arrays[f"{name}_{k}"] for k in range(BLOCKS)],
            weight_maps=arrays["maps"] if name == "fast" else None, second_weight_maps=None,
        )  # fmt: skip
        for layer in range(BLOCKS):
            flow = rollout(seen, layer + 1)  # (T, tokens)
            if len(flow) != TOKENS:
                flow = maps / maps.sum(axis=1, keepdims=True) @ flow
            expected = flow[24] if direction == "from" else flow[:, 24]
            np.testing.assert_allclose(explorer.read(m, layer), expected, **EXACT)


def test_a_learned_token_asks_as_itself_and_before_the_token_learner_as_its_patches(explorer, arrays):
    explorer.page.locator(".token").nth(3).hover()
    reads = (arrays["maps"].astype(np.float64) / arrays["maps"].sum(axis=0)).T
    own = arrays["fast_3"][2].astype(np.float64)[3] @ reads
    np.testing.assert_allclose(explorer.read(1, 3, 2), own, **EXACT)
    np.testing.assert_allclose(explorer.read(1, 0, 2), reads[3] @ arrays["fast_0"][2], **EXACT)
    np.testing.assert_allclose(explorer.read(0, 3, 0), reads[3] @ arrays["vit_3"][0], **EXACT)


def test_every_map_sums_to_1_from_a_patch_and_from_a_learned_token(explorer):
    explorer.hover(5)
    for query in ("patch", "token"):
        if query == "token":
            explorer.page.locator(".token").first.hover()
        assert explorer.query()["kind"] == query
        sums = [explorer.read(m, layer, 0).sum() for m in (0, 1) for layer in range(BLOCKS)]
        np.testing.assert_allclose(sums, 1.0, atol=2e-3)


def test_a_pinned_patch_stays_while_the_pointer_moves_on_until_escape(explorer):
    explorer.pin(9)
    explorer.hover(40)
    assert (explorer.query()["index"], explorer.pinned()) == (9, True)
    explorer.reported("pinned is 6,10")
    explorer.page.keyboard.press("Escape")
    explorer.hover(40)
    explorer.hover(41)
    assert (explorer.query()["index"], explorer.pinned()) == (41, False)
    explorer.reported("pinned is None")


def test_keys_alone_move_pin_and_free(explorer):
    explorer.page.mouse.move(2, 2)
    explorer.picture.focus()
    start = explorer.query()["index"]
    explorer.page.keyboard.press("ArrowRight")
    explorer.page.keyboard.press("ArrowDown")
    assert (explorer.query()["index"], explorer.pinned()) == (start + 1 + GRID, False)
    explorer.page.keyboard.press("Enter")
    explorer.page.keyboard.press("ArrowLeft")
    assert (explorer.query()["index"], explorer.pinned()) == (start + GRID, True)
    assert "Pinned" in explorer.page.locator(".spoken").text_content()
    explorer.page.keyboard.press("Escape")
    assert not explorer.pinned()
    for _ in range(GRID + 3):
        explorer.page.keyboard.press("ArrowUp")
    assert explorer.query()["index"] < GRID


def test_a_learned_token_is_reached_and_pinned_by_keys(explorer):
    explorer.page.locator(".token").first.focus()
    explorer.page.keyboard.press("ArrowRight")
    explorer.page.keyboard.press("Enter")
    assert explorer.query() == {"kind": "token", "model": 1, "learner": 0, "index": 1}
    assert explorer.page.locator(".token").nth(1).get_attribute("aria-pressed") == "true"
    explorer.reported("pinned is t1.0.1")


def test_a_link_opens_the_same_view_in_a_fresh_browser(explorer, chromium, address):
    explorer.pin(23)
    explorer.choose("heads", "mean")
    explorer.choose("scale", "shared")
    explorer.page.locator(".maps").nth(1).click(position={"x": 20, "y": 20})
    explorer.page.wait_for_url(lambda url: "map=1.0.0" in url)
    link, painted = explorer.page.url, explorer.read(1, 3)
    page = chromium.new_page()
    again = Explorer(page, [])
    again.open(link)
    assert again.root.evaluate("r => r.__vitviz.view()") == explorer.root.evaluate("r => r.__vitviz.view()")
    assert again.page.locator("input[name=heads][value=mean]").is_checked()
    np.testing.assert_array_equal(again.read(1, 3), painted)
    page.close()


def test_the_page_can_put_the_explorer_back(explorer):
    explorer.pin(23)
    explorer.choose("heads", "rollout")
    explorer.reported("pinned is 14,10, heads are rollout")
    explorer.page.get_by_role("button", name="start over").click()
    explorer.reported("pinned is None, heads are each")
    assert not explorer.pinned()
    assert explorer.page.locator("input[name=heads][value=each]").is_checked()


def test_the_pin_keeps_its_place_on_another_grid_and_the_explorer_its_height(explorer):
    explorer.pin(24)  # the middle, pixel (14, 14)
    explorer.reported("pinned is 14,14")
    height = explorer.root.bounding_box()["height"]
    explorer.page.get_by_text("10", exact=True).click()
    explorer.page.locator(".where b", has_text="row 2, column 2").wait_for()
    assert (explorer.query()["index"], explorer.pinned()) == (4, True)
    explorer.reported("pinned is 14,14")
    assert explorer.root.bounding_box()["height"] == height


def test_on_a_shared_scale_every_map_has_the_same_maximum(explorer):
    explorer.choose("scale", "shared")
    explorer.hover(3)
    largest = max(explorer.read(m, layer, h).max() for m in (0, 1) for layer in range(BLOCKS) for h in range(HEADS))
    scales = explorer.root.evaluate("r => [0, 1].flatMap(m => [0, 1, 2, 3].map(l => r.__vitviz.scale(m, l, 1)))")
    np.testing.assert_allclose(scales, largest, rtol=1e-6)
    assert float(explorer.page.locator(".high").text_content()) == pytest.approx(largest, rel=5e-3)


def test_the_tooltip_tells_the_weight_to_three_digits(explorer, arrays):
    explorer.pin(10)
    maps = explorer.page.locator(".maps").first
    cell = maps.bounding_box()["width"] + 6
    unit = (cell / HEADS - 6) / SIDE * PATCH
    maps.hover(position={"x": 2.5 * unit, "y": 1.5 * unit})  # row 2, column 3 of layer 1, head 1
    value = arrays["vit_0"][0, 10, GRID + 2]
    tip = explorer.page.locator(".tip").text_content()
    assert "row 2, column 3" in tip
    assert f"{np.float16(value):.3g}".rstrip("0") in tip


@pytest.mark.parametrize(
    "explorer", [{"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}], indirect=True
)
def test_a_phone_pins_by_tap_and_does_not_scroll_sideways(explorer):
    explorer.picture.scroll_into_view_if_needed()
    explorer.picture.tap(position=explorer.point(8))
    assert (explorer.query()["index"], explorer.pinned()) == (8, True)
    explorer.picture.tap(position=explorer.point(8))
    assert not explorer.pinned()
    assert explorer.root.evaluate("root => root.scrollWidth <= root.clientWidth")
    main = explorer.page.locator("[data-testid=stMain]")
    assert main.evaluate("page => page.scrollWidth <= page.clientWidth && document.body.scrollWidth <= innerWidth")


def test_hovering_repaints_within_the_handler_of_the_same_event(explorer):
    explorer.hover(3)
    before, after = explorer.picture.evaluate(
        """(canvas, at) => {
            const root = canvas.getRootNode().querySelector(".explorer");
            const painted = () => [...root.querySelectorAll(".maps")].map((maps) => maps.toDataURL());
            const before = painted();
            const box = canvas.getBoundingClientRect();
            canvas.dispatchEvent(new PointerEvent("pointermove", {
                clientX: box.left + at.x, clientY: box.top + at.y, pointerType: "mouse", bubbles: true }));
            return [before, painted()];
        }""",
        explorer.point(33),
    )
    assert len(before) == 2
    assert all(one != other for one, other in zip(before, after, strict=True))
    assert explorer.query()["index"] == 33
