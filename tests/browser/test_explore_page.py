"""The Explore page in a real browser, as a newcomer uses it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from browser_hands import EXPLORER, PANELS, answers, says, settled, slide, whole
from PIL import Image
from ui.untrained_runs import MAPS, PATCH_SIZES

from vitviz.commands import main
from vitviz.config import PRESETS
from vitviz.data import load

pytestmark = pytest.mark.browser

COMPARED = ("positions", "curves", "timing")
# What a panel's chart draws, as text; null where it does not name these two runs
DRAWN = """([panel, runs]) => {
  const { _fullLayout, data } = document.querySelector(`.st-key-panel-${panel} .js-plotly-plot`);
  const shown = data.map(({ x, y, z, name }) => [name, [x, y, z].map((values) => JSON.stringify(values))]);
  const named = _fullLayout.meta.split(" ");
  return runs.every((run) => named.some((id) => id.endsWith(run))) ? JSON.stringify(shown) : null;
}"""


def test_the_first_page_shows_every_panel_and_both_answers(dashboard, visit):
    page = visit(dashboard)
    whole(page)
    assert list(answers(page)) == ["ViT", "fast ViT"]
    for key in ("patch_size", "n_maps", "image"):
        assert page.locator(f".st-key-{key}").is_visible()
    assert all(page.locator(f".st-key-panel-{panel}").count() == 1 for panel in PANELS)


def test_every_panel_follows_both_sliders_and_keeps_its_place(dashboard, visit):
    page = visit(dashboard)
    whole(page)
    slide(page, "patch_size", "Home")
    places, drawn = {}, {}
    for patch_size in PATCH_SIZES:
        tokens = (28 // patch_size) ** 2
        slide(page, "n_maps", "Home")
        for maps in (count for count in MAPS if count < tokens):
            panels = {name: page.locator(f".st-key-panel-{name}") for name in PANELS}
            says(panels["tokens"], f"= {tokens}×{patch_size**2}")
            says(panels["tokens"], f"after block 2: {maps}×128")
            says(page.locator(f"{EXPLORER} .title").last, f"{tokens} patches → {maps} token")
            settled(page)
            panels["weight-maps"].locator(".annotation").nth(maps - 1).wait_for(state="attached")
            assert list(answers(page)) == ["ViT", "fast ViT"]
            places[patch_size, maps] = panels["attention"].bounding_box()
            runs = [f"tuned-p{patch_size}-vit", f"tuned-p{patch_size}-fast{maps}"]
            drawn[patch_size, maps] = [page.evaluate(DRAWN, [panel, runs]) for panel in COMPARED]
            assert all(drawn[patch_size, maps]), "a chart does not name the models of this setting"
            slide(page, "n_maps", "ArrowRight")
        slide(page, "patch_size", "ArrowRight")
    positions, _, timing = zip(*drawn.values(), strict=True)  # the curves of untrained models are all alike
    assert len(set(positions)) == len(set(timing)) == len(drawn)
    # the words under the maps may take a line more or less: what stands above must not move at all
    assert len({(box["x"], box["y"], box["width"]) for box in places.values()}) == 1


def test_the_answers_are_those_of_the_command_line(dashboard, visit, trained, tmp_path, capsys):
    page = visit(f"{dashboard}/?patch_size=7&n_maps=2")
    whole(page)
    mini = load("fashion_mnist_mini")
    name = page.locator(".st-key-image input").input_value()
    place = int(np.flatnonzero(mini.test.index == int(name.rsplit(" ", 1)[1]))[0])
    Image.fromarray(mini.test.images[place, ..., 0]).save(tmp_path / "picture.png")
    shown = answers(page)
    for label, kind in (("ViT", "vit"), ("fast ViT", "fast2")):
        run = next(path.name for path in trained.iterdir() if path.name.endswith(f"tuned-p7-{kind}"))
        arguments = ["trace", run, "--image", str(tmp_path / "picture.png"), "--out", str(tmp_path / "trace.npz")]
        assert main([*arguments, "--runs-dir", str(trained), "--json"]) == 0
        answer = json.loads(capsys.readouterr().out.splitlines()[-1])["answer"]
        with np.load(tmp_path / "trace.npz") as arrays:
            assert shown[label] == (answer, f"{arrays['probabilities'].max():.0%}")


def test_accuracy_parameters_and_operations_are_those_of_the_command_line(dashboard, visit, trained, capsys):
    def told(*arguments: str) -> dict:
        assert main([*arguments, "--json"]) == 0
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    page = visit(f"{dashboard}/?patch_size=7&n_maps=2&timing_view=weights")
    whole(page)
    chart = page.locator(".st-key-panel-timing .js-plotly-plot")
    weights = chart.evaluate("node => node._fullData.map(model => [...model.x].reduce((a, b) => a + b, 0))")
    tests = {run["id"]: run["test"] for run in told("runs", "--runs-dir", str(trained))["runs"]}
    summary = told("summary", "--preset", "tuned", "--model", "both", "--patch-size", "7", "--n-maps", "2")
    numbers = page.locator(".vv-flow-number")
    accuracies = numbers.and_(page.locator("[data-name='test accuracy']")).all_inner_texts()
    operations = numbers.and_(page.locator("[data-name=operations]")).all_inner_texts()
    for place, (kind, ending) in enumerate((("vit", "tuned-p7-vit"), ("fast", "tuned-p7-fast2"))):
        accuracy = next(test for id, test in tests.items() if id.endswith(ending))["accuracy"]
        assert accuracies[place] == f"{accuracy:.1%}"
        assert operations[place].startswith(f"{summary[kind]['total_macs'] / 1e6:.1f} M")
        assert weights[place] == summary[kind]["total_params"]


def test_a_link_opened_elsewhere_gives_the_same_view(dashboard, visit):
    page = visit(dashboard)
    whole(page)
    slide(page, "patch_size", "Home")
    slide(page, "n_maps", "Home")
    page.locator(".st-key-random button").click()
    settled(page)
    page.locator(".st-key-timing_view button", has_text="layers").click()
    page.locator("[data-vitviz='attention-explorer'] .picture canvas").click(position={"x": 30, "y": 30})
    page.wait_for_url(re.compile("pin="))
    settled(page)
    before = (answers(page), page.locator(".st-key-panel-tokens").inner_text())
    other = visit(page.url)
    whole(other)
    assert (answers(other), other.locator(".st-key-panel-tokens").inner_text()) == before
    assert other.url == page.url
    assert other.locator(".st-key-timing_view button[aria-checked=true]").inner_text() == "layers"
    assert "pinned" in other.locator("[data-vitviz='attention-explorer'] .where").inner_text()


def test_the_copied_link_names_the_models_that_are_shown(dashboard, visit):
    page = visit(f"{dashboard}/?patch_size=14", permissions=["clipboard-read", "clipboard-write"])
    whole(page)
    page.get_by_role("button", name="Copy link").click()
    page.get_by_role("button", name="Copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert "tuned-p14-vit" in link and "tuned-p14-fast" in link and "patch_size=14" in link


def test_a_photograph_is_shown_as_the_models_see_it_with_a_warning(dashboard, visit, photograph):
    page = visit(dashboard)
    whole(page)
    page.locator(".st-key-own button").first.click()
    page.locator(".st-key-upload input[type=file]").set_input_files(
        {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photograph}
    )
    page.get_by_text("Not a picture of the data set.").wait_for()
    page.get_by_text("What the models see, 28×28").wait_for()
    page.get_by_text("cut to the middle square").wait_for()
    says(page.locator(".st-key-panel-answers"), "Nobody has said what it really is")


def test_a_file_that_is_no_picture_is_refused_in_a_sentence(dashboard, visit):
    page = visit(dashboard)
    whole(page)
    shown = answers(page)
    page.locator(".st-key-own button").first.click()
    page.locator(".st-key-upload input[type=file]").set_input_files(
        {"name": "photo.png", "mimeType": "image/png", "buffer": b"not a picture at all"}
    )
    page.locator("[data-testid=stAlert]").wait_for()
    assert "Traceback" not in page.locator("body").inner_text()
    assert answers(page) == shown


def test_the_gallery_and_the_disagreements_choose_a_picture(dashboard, visit):
    page = visit(dashboard)
    whole(page)
    page.locator(".st-key-gallery button").first.click()
    page.locator(".st-key-board button[title^=Dress]").first.click()
    page.wait_for_url(re.compile("image=Dress"))
    settled(page)
    says(page.locator(".st-key-panel-answers"), "It is: Dress.")
    page.locator(".st-key-gallery_filter input").click()
    page.get_by_role("option", name="models disagree").click()
    page.get_by_text("different answers for").wait_for()
    settled(page)
    page.locator(".st-key-board button").nth(1).click()
    page.get_by_text("They disagree").wait_for()


def test_the_page_follows_a_dark_browser(dashboard, visit):
    page = visit(dashboard, color_scheme="dark")
    whole(page)
    ground = page.locator("[data-testid=stApp]").evaluate("node => getComputedStyle(node).backgroundColor")
    assert ground == "rgb(15, 20, 26)"
    ink = page.locator(".st-key-panel-answers .js-plotly-plot").evaluate("node => node._fullLayout.font.color")
    assert ink.upper() == "#E8ECF1"


def test_a_phone_shows_everything_without_sideways_scrolling(dashboard, visit):
    page = visit(dashboard, width=390, height=844, has_touch=True)
    whole(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for panel in PANELS:
        box = page.locator(f".st-key-panel-{panel}").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390


def test_the_tour_is_shown_once_and_can_be_skipped_with_the_keyboard(dashboard, visit):
    page = visit(dashboard, tour=True)
    card = page.locator(".st-key-tour [role=dialog]")
    card.wait_for()
    page.reload()  # in the middle
    whole(page)
    assert not card.is_visible()
    page.get_by_role("button", name="Tour").click()
    card.wait_for()
    seen = []
    for _ in range(5):
        seen.append(card.locator("h4").inner_text())
        page.keyboard.press("ArrowRight")
    assert len(set(seen)) == 5
    card.wait_for(state="hidden")
    page.reload()
    whole(page)
    assert not card.is_visible()
    page.get_by_role("button", name="Tour").click()
    card.wait_for()
    page.keyboard.press("Escape")
    card.wait_for(state="hidden")


def test_the_tutorials_own_pair_is_a_link_away(dashboard, visit):
    page = visit(dashboard)
    whole(page)
    page.locator(".st-key-settings button").first.click()
    page.locator(".st-key-family input").click()
    page.get_by_role("option", name="article").click()
    page.wait_for_url(re.compile("models=article-"))
    page.keyboard.press("Escape")
    settled(page)
    says(page.locator(".st-key-panel-tokens"), "= 25×25")
    says(page.locator(".st-key-panel-tokens"), "159 of 784 pixels are dropped")
    other = visit(page.url)
    whole(other)
    says(other.locator(".st-key-panel-tokens"), "= 25×25")
    assert PRESETS["article"].model.patch_size == 5


@pytest.fixture(scope="module")
def photograph() -> bytes:
    """A photograph of a cup on a table by Rachel Michetti (CC0): 600×400, in colour."""
    return Path(__file__).with_name("cup.jpg").read_bytes()
