"""The time machine in a real browser, over a real training: what it paints, and hands that drag, type, play and tap."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest
from kept_epochs import EPOCHS, PATCH, cosines, seen_from_patch, traces_after, train_pair
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

WAIT = 60_000
PICTURE = 3
GRID = 4
DAMAGED = 2  # the epoch of which a copy of the runs has no readable snapshot


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    root = tmp_path_factory.mktemp("kept")
    return root, *train_pair(root)


@pytest.fixture(scope="module")
def address(trained, tmp_path_factory):
    """A dashboard over the pair, and over a copy of it with a damaged epoch."""
    from conftest import serving

    root, vit, fast = trained
    for run in (vit, fast):
        copy = shutil.copytree(run.path, root / f"damaged-{run.model.kind}")
        config = (copy / "config.json").read_text()
        config = config.replace(vit.id, "damaged-vit").replace(fast.id, "damaged-fast")
        (copy / "config.json").write_text(config.replace(vit.created.isoformat()[:10], "2020-01-01"))
    (root / "damaged-vit" / "epochs" / f"{DAMAGED:03}.npz").write_bytes(b"no archive")
    with serving(root, tmp_path_factory.mktemp("server") / "output.txt") as found:
        yield f"{found}/time_machine"


@pytest.fixture
def machine(chromium, address):
    """A function: a query in, the time machine in a fresh browser out. Errors of the page fail the test."""
    contexts, errors = [], []

    def note(message) -> None:
        if message.type == "error":
            errors.append(message.text)

    def visit(query: str = "", *, width: int = 1440, height: int = 900, **options) -> Machine:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address + query)
        page.wait_for_selector(".machine[data-epoch]", timeout=4 * WAIT)
        return Machine(page)

    yield visit
    for context in contexts:
        context.close()
    assert errors == [], "the browser's console shows errors"


class Machine:
    """The time machine as a test handles it."""

    def __init__(self, page) -> None:
        self.page = page
        self.root = page.locator(".machine")
        self.slider = page.locator(".machine .slider")
        self.state = page.locator(".machine .state")
        self.picture = page.locator(".picture canvas")

    def at(self, epoch: str) -> None:
        """Waits until it stands at this epoch, in its number, its slider and for those who hear it."""
        expect(self.page.locator(".machine .number")).to_have_text(epoch, timeout=WAIT)
        if epoch.isdigit():
            expect(self.root).to_have_attribute("data-epoch", epoch)
        expect(self.slider).to_have_attribute("aria-valuetext", re.compile(rf"^epoch {re.escape(epoch)} of {EPOCHS},"))

    def press(self, *keys: str) -> None:
        self.slider.focus()
        for key in keys:
            self.slider.press(key)

    def read(self, what: str, *at: int) -> np.ndarray:
        return np.array(self.root.evaluate("(root, [what, at]) => root.__vitviz[what](...at)", [what, list(at)]))

    def pixels(self) -> list[str]:
        """Every picture of both models."""
        return self.page.locator(".model canvas").evaluate_all("found => found.map((one) => one.toDataURL())")

    def point(self, patch: int) -> dict[str, float]:
        """The middle of a patch on the picture."""
        unit = self.picture.bounding_box()["width"] / GRID
        return {"x": (patch % GRID + 0.5) * unit, "y": (patch // GRID + 0.5) * unit}

    def address_has(self, part: str) -> None:
        self.page.wait_for_url(lambda url: part in url.split("?", 1)[-1].split("&"))


def assert_shows(machine: Machine, trained, epoch: int, patch: int) -> None:
    """What is painted is what models with these snapshots' weights see."""
    for number, run in enumerate(trained[1:]):
        traced = traces_after(run, epoch)[PICTURE]
        for layer in range(run.model.blocks):
            np.testing.assert_allclose(
                machine.read("attention", number, layer), seen_from_patch(traced, layer, patch), atol=1 / 128
            )
        shown = machine.read("positions", number).reshape(GRID**2, GRID**2)
        np.testing.assert_allclose(shown, cosines(traced.position_embedding), atol=1 / 250)
        np.testing.assert_allclose(machine.read("answer", number), traced.probabilities, atol=1 / 255)
    maps = machine.read("maps", 1).reshape(-1, GRID**2)
    np.testing.assert_allclose(maps, traced.weight_maps.T, atol=1 / 255)


def test_a_link_opens_the_epoch_the_picture_and_the_patch_that_it_names(machine, trained):
    it = machine(f"?run={trained[2].id}&epoch=2&picture={PICTURE}&pin={PATCH},{2 * PATCH}")
    it.at("2")
    expect(it.state).to_have_text("Saved while training.")
    expect(it.page.locator(".where b")).to_have_text("Row 2, column 3")
    expect(it.page.locator(".pictures button[aria-pressed=true]")).to_have_attribute("aria-label", "Dress")
    assert_shows(it, trained, 2, GRID + 2)
    for name, run in zip(("ViT", "fast ViT"), trained[1:], strict=True):
        accuracy = run.history[1]["val_accuracy"]
        expect(it.page.locator(".scores > div", has_text=name).first).to_contain_text(f"{100 * accuracy:.1f} %")


def test_keys_go_from_epoch_to_epoch_and_every_step_repaints_all_pictures(machine, trained):
    it = machine(f"?run={trained[1].id}&picture={PICTURE}&pin=8,8")
    it.at(str(EPOCHS))
    before = it.pixels()
    it.press("ArrowLeft")
    it.at(str(EPOCHS - 1))
    assert it.pixels() != before
    assert_shows(it, trained, EPOCHS - 1, GRID + 1)
    it.press("Home")
    it.at("0")
    assert all(old != new for old, new in zip(before, it.pixels(), strict=True))
    expect(it.state).to_have_text("Saved before training.")
    assert_shows(it, trained, 0, GRID + 1)
    it.press("ArrowRight", "ArrowRight")
    it.at("2")
    it.press("End")
    it.at(str(EPOCHS))
    assert it.pixels() == before  # the same value has the same colour again
    it.press("PageDown")
    it.at("0")


def test_between_two_epochs_everything_is_blended_linearly_and_this_is_said(machine, trained):
    it = machine(f"?run={trained[1].id}&epoch=1&picture={PICTURE}&pin=8,8")
    it.at("1")
    kinds = [("attention", 0, 1), ("attention", 1, 1), ("positions", 0), ("maps", 1), ("answer", 1)]
    low = [it.read(*kind) for kind in kinds]
    it.press("ArrowRight")
    it.at("2")
    high = [it.read(*kind) for kind in kinds]
    it.press("ArrowLeft", *["Shift+ArrowRight"] * 3)
    it.at("1.3")
    expect(it.state).to_have_text("Blended from epochs 1 and 2: interpolation, not saved.")
    assert it.root.get_attribute("data-state") == "blended"
    for kind, a, b in zip(kinds, low, high, strict=True):
        np.testing.assert_allclose(it.read(*kind), a + 0.3 * (b - a), atol=1e-5, err_msg=str(kind))
    it.press("ArrowLeft")  # to the saved one below
    it.at("1")


def test_the_slider_is_dragged_and_the_address_follows(machine, trained):
    it = machine(f"?run={trained[1].id}")
    it.at(str(EPOCHS))
    box = it.slider.bounding_box()
    place = lambda epoch: box["x"] + 10 + epoch / EPOCHS * (box["width"] - 20)  # noqa: E731 - half the knob at each end
    middle = box["y"] + box["height"] / 2
    it.page.mouse.move(place(EPOCHS), middle)
    it.page.mouse.down()
    it.page.mouse.move(place(1.5), middle, steps=4)
    it.at("1.5")
    it.page.mouse.move(place(1) + 2, middle)  # near enough to a saved one
    it.at("1")
    it.page.mouse.up()
    it.address_has("epoch=1")
    it.press("End")
    it.page.wait_for_url(lambda url: "epoch=" not in url)


def test_it_plays_from_the_beginning_to_the_end_and_stops(machine, trained):
    it = machine(f"?run={trained[1].id}")
    it.at(str(EPOCHS))
    it.page.locator("input[name=speed][value='4']").check(force=True)
    it.page.evaluate(WATCH)
    it.page.locator(".play").click()
    expect(it.root).to_have_attribute("data-playing", "true")
    expect(it.root).to_have_attribute("data-playing", "false", timeout=WAIT)
    it.at(str(EPOCHS))
    seen = it.page.evaluate("window.seen")
    assert seen == sorted(seen)
    assert seen[0] < 1
    assert any(time % 1 for time in seen)
    it.press(" ")
    expect(it.page.locator(".play")).to_have_text("Pause")
    it.press(" ")
    expect(it.page.locator(".play")).to_have_text("Play")


def test_who_wants_less_motion_gets_whole_epochs(machine, trained):
    it = machine(f"?run={trained[1].id}&epoch=0", reduced_motion="reduce")
    it.at("0")
    it.page.locator("input[name=speed][value='4']").check(force=True)
    it.page.evaluate(WATCH)
    it.page.locator(".play").click()
    it.at(str(EPOCHS))
    assert set(it.page.evaluate("window.seen")) <= set(range(EPOCHS + 1))


WATCH = """() => {
  const root = document.querySelector("[data-testid=stMain]");
  const find = (node) => {
    for (const one of node.querySelectorAll("*")) {
      if (one.matches(".machine")) return one;
      const inside = one.shadowRoot && find(one.shadowRoot);
      if (inside) return inside;
    }
    return null;
  };
  const machine = find(root);
  window.seen = [];
  const play = machine.querySelector(".play");
  play.addEventListener("click", () => {
    new MutationObserver(() => window.seen.push(Number(machine.dataset.epoch)))
      .observe(machine, { attributeFilter: ["data-epoch"] });
  }, { once: true });
}"""


def test_a_patch_under_the_pointer_is_asked_for_and_a_click_pins_it_in_the_address(machine, trained):
    it = machine(f"?run={trained[1].id}&epoch=2&picture={PICTURE}")
    before = it.pixels()
    it.picture.hover(position=it.point(1))
    expect(it.root).to_have_attribute("data-query", "1")
    assert it.pixels()[0] != before[0]
    assert_shows(it, trained, 2, 1)
    it.picture.click(position=it.point(13))
    it.address_has("pin=24%2C10")
    it.picture.hover(position=it.point(2))
    expect(it.root).to_have_attribute("data-query", "13")
    it.picture.focus()
    it.picture.press("ArrowUp")
    expect(it.root).to_have_attribute("data-query", "9")
    it.picture.press("Escape")
    it.picture.hover(position=it.point(6))
    expect(it.root).to_have_attribute("data-query", "6")


def test_another_picture_comes_at_the_same_epoch_and_patch(machine, trained):
    it = machine(f"?run={trained[1].id}&epoch=1&pin=8,8")
    pressed = it.page.locator(".pictures button[aria-pressed=true]")
    it.page.locator(".pictures button[aria-label='Dress']").click()
    expect(pressed).to_have_attribute("aria-label", "Dress", timeout=WAIT)
    expect(pressed).to_be_focused()  # where the keyboard was
    it.address_has(f"picture={PICTURE}")
    it.at("1")
    assert_shows(it, trained, 1, GRID + 1)


def test_every_head_can_be_seen_and_the_picture_be_left_out(machine, trained):
    it = machine(f"?run={trained[1].id}&epoch=2&picture={PICTURE}&pin=8,8")
    traced = traces_after(trained[1], 2)[PICTURE]
    it.page.locator("input[name=heads][value=each]").check(force=True)
    for head in range(trained[1].model.heads):
        expected = traced.attention[0][head, GRID + 1]
        np.testing.assert_allclose(it.read("attention", 0, 0, head), expected, atol=1 / 200)
    before = it.pixels()[0]
    it.page.locator("input[name=overlay][value=off]").check(force=True)
    assert it.pixels()[0] != before
    it.address_has("heads=each")
    it.address_has("overlay=off")


def test_a_damaged_epoch_is_said_and_bridged_and_all_others_are_shown(machine, trained):
    it = machine(f"?run=damaged-vit&epoch={DAMAGED}&picture={PICTURE}&pin=8,8")
    it.at(str(DAMAGED))
    expect(it.state).to_contain_text(f"Blended from epochs {DAMAGED - 1} and {DAMAGED + 1}")
    expect(it.state).to_contain_text(f"Epoch {DAMAGED} of the ViT cannot be shown: {DAMAGED:03}.npz is damaged")
    ends = [seen_from_patch(traces_after(trained[1], epoch)[PICTURE], 0, GRID + 1) for epoch in (1, 3)]
    np.testing.assert_allclose(it.read("attention", 0, 0), np.mean(ends, axis=0), atol=1 / 128)
    it.press("ArrowLeft")
    it.at("1")
    expect(it.state).to_have_text("Saved while training.")
    assert_shows(it, trained, 1, GRID + 1)


def test_it_fits_a_phone_and_is_worked_by_touch_in_the_dark(machine, trained):
    it = machine(f"?run={trained[1].id}&epoch=2", width=390, height=844, has_touch=True, color_scheme="dark")
    wide = it.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 390
    inside = it.root.evaluate("root => [...root.querySelectorAll('*')].filter((one) => !one.closest('.spoken') "
                              "&& one.getBoundingClientRect().right > 390.5).map((one) => one.outerHTML.slice(0, 80))")
    assert inside == []
    it.picture.tap(position=it.point(7))
    expect(it.root).to_have_attribute("data-query", "7")
    it.address_has("pin=10%2C24")
