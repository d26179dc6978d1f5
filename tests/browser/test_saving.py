"""What a visitor takes home: each panel's data, pictures as PNG and SVG; and what the camera brings."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from browser_hands import EXPLORER, PANELS, says, settled, whole
from PIL import Image

from vitviz.commands import main
from vitviz.data import load

pytestmark = pytest.mark.browser


def test_every_panels_data_can_be_saved_and_attention_is_that_of_the_command_line(dashboard, visit, trained, tmp_path):
    page = visit(f"{dashboard}/?patch_size=7&n_maps=2&image=Bag+18")
    whole(page)
    saved = {panel: _saved(page, panel) for panel in PANELS}
    for panel, (name, content) in saved.items():
        assert name.startswith(f"vitviz-{panel}-p7") and name.endswith((".csv", ".npz"))
        if name.endswith(".csv"):
            rows = list(csv.DictReader(io.StringIO(content.decode())))
            assert rows and all(any(row.values()) for row in rows)
        else:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                assert arrays.files and all(np.isfinite(arrays[key]).any() for key in arrays.files)

    sample = load("fashion_mnist_mini").test
    place = int(np.flatnonzero(sample.index == 18)[0])
    Image.fromarray(sample.images[place, ..., 0]).save(tmp_path / "bag.png")
    run = next(path.name for path in trained.iterdir() if path.name.endswith("tuned-p7-fast2"))
    out = tmp_path / "trace.npz"
    arguments = ["trace", run, "--image", str(tmp_path / "bag.png"), "--out", str(out)]
    assert main([*arguments, "--runs-dir", str(trained)]) == 0
    with np.load(out) as told, np.load(io.BytesIO(saved["weight-maps"][1])) as maps:
        np.testing.assert_array_equal(maps["weight_maps"], told["weight_maps"])
    with np.load(out) as told, np.load(io.BytesIO(saved["attention"][1])) as seen:
        found = {key for key in seen.files if any(_same(seen[key], told[f"attention_{k}"]) for k in range(4))}
        assert len(found) >= 4


def test_what_hovering_shows_is_the_attention_of_the_command_line(dashboard, visit, trained, tmp_path):
    page = visit(f"{dashboard}/?patch_size=7&n_maps=2&image=Bag+18")
    whole(page)
    picture = page.locator(f"{EXPLORER} .picture canvas")
    unit = picture.bounding_box()["width"] / 4
    picture.hover(position={"x": 2.5 * unit, "y": 1.5 * unit})  # row 2, column 3: patch 6
    sample = load("fashion_mnist_mini").test
    place = int(np.flatnonzero(sample.index == 18)[0])
    Image.fromarray(sample.images[place, ..., 0]).save(tmp_path / "bag.png")
    for model, (kind, before) in enumerate((("vit", 4), ("fast2", 2))):  # blocks that read patches
        run = next(path.name for path in trained.iterdir() if path.name.endswith(f"tuned-p7-{kind}"))
        arguments = ["trace", run, "--image", str(tmp_path / "bag.png"), "--out", str(tmp_path / f"{kind}.npz")]
        assert main([*arguments, "--runs-dir", str(trained)]) == 0
        with np.load(tmp_path / f"{kind}.npz") as told:
            for layer in range(before):
                for head, rows in enumerate(told[f"attention_{layer}"]):
                    at = [model, layer, head]
                    shown = page.locator(EXPLORER).evaluate("(root, at) => root.__vitviz.read(...at)", at)
                    np.testing.assert_allclose(shown, rows[6], rtol=1e-3, atol=1e-6)  # float16 on the way


def test_a_picture_is_saved_as_png_and_as_svg(dashboard, visit):
    page = visit(dashboard)
    whole(page)
    name, content = _pictured(page)
    assert name.endswith(".png") and min(Image.open(io.BytesIO(content)).size) > 300
    page.locator(".st-key-settings button").first.click()
    page.locator(".st-key-format button", has_text="SVG").click()
    page.keyboard.press("Escape")
    settled(page)
    name, content = _pictured(page)
    assert name.endswith(".svg") and content.lstrip().startswith(b"<svg")


def test_a_picture_of_the_camera_is_shown_as_the_models_see_it(dashboard, visit):
    page = visit(dashboard, permissions=["camera"])
    whole(page)
    page.locator(".st-key-own button").first.click()
    page.get_by_text("Take one with the camera").click()
    page.wait_for_function("document.querySelector('video')?.readyState >= 2")  # the camera shows something
    page.get_by_role("button", name="Take Photo").click()
    page.get_by_text("Not a picture of the data set.").wait_for()
    page.get_by_text("What the models see, 28×28").wait_for()
    says(page.locator(".st-key-panel-answers"), "Nobody has said what it really is")


def _saved(page, panel: str) -> tuple[str, bytes]:
    """The name and the content of the file behind a panel's "More"."""
    page.locator(f".st-key-more-{panel} button").first.click()
    with page.expect_download() as download:
        page.locator(f".st-key-save-{panel} button").first.click()
    page.keyboard.press("Escape")
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def _pictured(page) -> tuple[str, bytes]:
    """The same for the camera button of the picture of both answers."""
    chart = page.locator(".st-key-panel-answers .js-plotly-plot")
    chart.hover()
    with page.expect_download() as download:
        page.locator(".st-key-panel-answers").get_by_role("button", name="Save this picture").click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and np.array_equal(one, other)
