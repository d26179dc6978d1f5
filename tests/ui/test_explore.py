"""The Explore page without a browser: what the controls do, what is said when something is missing."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from ui.untrained_runs import save_family, save_run, save_zoo

from vitviz.config import TUNED
from vitviz.figures.theme import LIGHT
from vitviz.runs import RunStore
from vitviz.trace import trace
from vitviz.ui import caches, warm
from vitviz.ui.catalogue import catalogue
from vitviz.ui.panels import PANELS, answers, curves, tokens, weight_maps
from vitviz.ui.panels.panel import as_csv, as_npz
from vitviz.ui.pictures import gallery_for
from vitviz.ui.scene import Scene

DASHBOARD = str(Path(__file__).resolve().parents[2] / "dashboard.py")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    save_family(root, patch_sizes=(7, 14), maps=(1, 2, 8))
    return root


@pytest.fixture
def page(saved, monkeypatch):
    """A function: a query in, the page after its first run out."""
    monkeypatch.setenv("VITVIZ_RUNS_DIR", str(saved))
    monkeypatch.setenv("VITVIZ_ZOO_DIR", str(saved / "no zoo"))
    warm.start()
    warm.wait()

    def visit(**query: str) -> AppTest:
        app = AppTest.from_file(DASHBOARD, default_timeout=60)
        app.query_params.update(query)
        app.run()
        assert not app.exception
        return app

    return visit


@pytest.fixture(scope="module")
def scene(saved):
    (family,) = catalogue(saved, saved / "no zoo").families.values()
    pair = family.pair(7, 2)
    return Scene(pair, gallery_for(pair.vit).picture(""), LIGHT).traced()


def charts(app: AppTest) -> list:
    """The charts on the page."""
    return [found for found in app.get("bidi_component") if "vitviz_chart" in str(found.proto)]


def test_the_wanted_n_maps_comes_back_after_a_patch_size_that_has_it_not(page):
    app = page()
    assert app.select_slider(key="n_maps").value == 8
    app.select_slider(key="patch_size").set_value(14).run()
    assert app.select_slider(key="n_maps").value == 2
    app.select_slider(key="patch_size").set_value(7).run()
    assert app.select_slider(key="n_maps").value == 8


@pytest.mark.parametrize("query", [{"patch_size": "9"}, {"n_maps": "x"}, {"image": "a unicorn"}, {"models": "?"},
                                   {"runs": "../../etc"}, {"pin": "99999,1"}, {"maps_view": "<script>"}])  # fmt: skip
def test_a_link_that_makes_no_sense_shows_the_first_page(page, query):
    app = page(**query)
    assert app.select_slider(key="patch_size").value == 7
    assert app.select_slider(key="n_maps").value == 8


def test_a_link_goes_before_what_the_session_remembers(page, saved):
    ids = save_family(saved, "article", patch_sizes=(7,), maps=(1, 2))
    try:
        app = page(patch_size="14", n_maps="1")
        other = next(key for key in catalogue(saved, saved / "no zoo").families if key.startswith("article"))
        assert "models" not in app.query_params
        app.query_params.update({"models": other, "patch_size": "7", "n_maps": "1", "runs": "~".join(ids[:2])})
        app.run()
        assert app.selectbox(key="family").value == other and app.query_params["models"] == other
    finally:
        for id in ids:
            RunStore(saved).delete(id)


def test_a_setting_that_is_not_trained_is_offered_like_the_rest_of_its_family(page, saved):
    app = page(patch_size="14", n_maps="1")
    assert not [button for button in app.button if button.key == "start-training"]
    victim = next(path for path in saved.iterdir() if path.name.endswith("p14-fast1"))
    hidden = victim.rename(saved / ".away")
    try:
        app = page(patch_size="14", n_maps="1")
        assert app.button(key="start-training").label == "Train the fast ViT, 1 map now"
        (said,) = [block.proto.body for block in app.get("html") if "Not trained yet" in block.proto.body]
        assert "Like the others: 2 epochs over 100 pictures" in said
    finally:
        hidden.rename(victim)


def test_a_stopped_run_can_be_looked_into_and_says_so(tmp_path, monkeypatch):
    runs = tmp_path / "runs"
    _, fast = save_family(runs, patch_sizes=(14,), maps=(2,))
    status = json.loads((runs / fast / "status.json").read_text()) | {"state": "stopped", "reason": "on request"}
    (runs / fast / "status.json").write_text(json.dumps(status))
    monkeypatch.setenv("VITVIZ_RUNS_DIR", str(runs))
    monkeypatch.setenv("VITVIZ_ZOO_DIR", str(tmp_path / "no zoo"))
    app = AppTest.from_file(DASHBOARD, default_timeout=60).run()
    assert not app.exception
    assert any("The fast ViT was stopped after 2 of 2 epochs." in block.proto.body for block in app.get("html"))


def test_without_any_run_the_page_offers_a_first_training(tmp_path, monkeypatch):
    monkeypatch.setenv("VITVIZ_RUNS_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("VITVIZ_ZOO_DIR", str(tmp_path / "no zoo"))
    app = AppTest.from_file(DASHBOARD, default_timeout=60).run()
    assert not app.exception
    assert not charts(app)
    assert app.button(key="start-training").label == "Train a small pair"


def test_damaged_weights_are_said_in_their_place_and_the_other_model_stays(page, saved):
    victim = next(path for path in saved.iterdir() if path.name.endswith("p14-fast2"))
    weights = (victim / "weights.npz").read_bytes()
    caches._models = caches.Bounded(caches.MODELS)
    caches._traces = caches.Bounded(caches.TRACES)
    (victim / "weights.npz").write_bytes(weights[:-2000] + b"\0" * 2000)
    try:
        app = page(patch_size="14", n_maps="2")
        assert len(app.warning) == 1  # said once, and not by every panel
        assert "damaged" in app.warning[0].value
        assert charts(app)
    finally:
        (victim / "weights.npz").write_bytes(weights)


def test_what_the_zoo_lacks_is_left_out_of_the_sliders_with_a_line_and_the_rest_goes_on(tmp_path, monkeypatch):
    zoo = tmp_path / "zoo"
    save_zoo(zoo, "tuned-p7-vit", "tuned-p7-fast[124]", "tuned-p14-*")
    (zoo / "tuned-p7-fast2" / "history.csv").unlink()
    monkeypatch.setenv("VITVIZ_RUNS_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("VITVIZ_ZOO_DIR", str(zoo))
    app = AppTest.from_file(DASHBOARD, default_timeout=60)
    app.query_params["patch_size"] = "7"
    app.run()
    assert not app.exception
    assert app.select_slider(key="n_maps").options == ["1", "4"]
    assert any("n_maps 2 and 8 at patch size 7" in block.proto.body for block in app.get("html"))
    assert any("history.csv" in block.proto.body for block in app.get("html"))
    assert charts(app)


def test_a_setting_without_a_choice_is_a_plain_value(tmp_path, monkeypatch):
    zoo = tmp_path / "zoo"
    save_zoo(zoo, "article-*")
    monkeypatch.setenv("VITVIZ_RUNS_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("VITVIZ_ZOO_DIR", str(zoo))
    app = AppTest.from_file(DASHBOARD, default_timeout=60).run()
    assert not app.exception
    assert not app.select_slider
    said = " ".join(block.proto.body for block in app.get("html") if "vv-only" in block.proto.body)
    assert "<b>5</b>" in said and "<b>4</b>" in said


def test_a_trace_is_kept_for_the_next_visitor_and_equals_a_fresh_one(scene):
    record, image = scene.pair.fast, scene.picture.image
    assert caches.trace_of(record, image) is caches.trace_of(record, image.copy())
    fresh = trace(caches.model_of(record), image)
    # trainings before in this process may have given TensorFlow other threads, and rounding another order: to the last
    # bit it is the same check in exact_traces.py, in a process of its own
    np.testing.assert_allclose(fresh.logits, scene.traces["fast ViT"].logits, rtol=0, atol=2e-6)


def test_caches_forget_what_was_used_longest_ago():
    kept = caches.Bounded(2)
    for key in "abac":
        kept.get(key, lambda: object())
    assert "a" in kept and "c" in kept and "b" not in kept


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.key)
def test_every_panel_saves_its_data_in_a_form_that_can_be_read_back(panel, scene):
    data = panel.data(scene)
    if isinstance(data, list):
        rows = list(csv.DictReader(io.StringIO(as_csv(data))))
        assert len(rows) == len(data) > 0
        assert list(rows[0]) == list(data[0])
    else:
        with np.load(io.BytesIO(as_npz(data)), allow_pickle=False) as arrays:
            assert set(arrays.files) == set(data)
            for name in arrays.files:
                np.testing.assert_array_equal(arrays[name], data[name])


def test_every_panel_says_what_it_shows_and_names_its_source():
    for panel in PANELS:
        assert panel.sentence.endswith(".") and panel.sentence.count(". ") == 0
        assert "arXiv" in panel.more or panel.key in ("curves", "timing")


def test_the_curves_say_on_what_how_long_and_when_both_models_were_trained(scene):
    said = curves.trained_on(scene)
    assert said.startswith("Fashion-MNIST") and "(the first 100 pictures)" in said
    for part in ("10 classes", "(from a test)", "2 epochs", "seed 0", "Trained: 01 March 2026."):
        assert part in said
    later = dataclasses.replace(scene.pair.fast, created=scene.pair.fast.created + timedelta(days=2))
    other = Scene(dataclasses.replace(scene.pair, fast=later), scene.picture, LIGHT)
    assert "ViT on 01 March 2026, fast ViT on 03 March 2026" in curves.trained_on(other)


def test_a_second_token_learner_is_said_and_its_maps_are_in_the_data(tmp_path):
    vit = dataclasses.replace(TUNED.model, patch_size=7)
    for number, config in enumerate((vit, dataclasses.replace(vit.fast(2), fuse_after=3))):
        save_run(tmp_path, config, TUNED.train, "tuned", number)
    (family,) = catalogue(tmp_path, tmp_path / "no zoo").families.values()
    pair = family.pair(7, 2)
    seen = Scene(pair, gallery_for(pair.vit).picture(""), LIGHT).traced()
    (panel,) = [panel for panel in PANELS if panel.key == "weight-maps"]
    assert "those of the second, after block 3" in weight_maps.second(seen.traces["fast ViT"])
    np.testing.assert_array_equal(panel.data(seen)["second_weight_maps"], seen.traces["fast ViT"].second_weight_maps)


def test_a_token_learner_in_front_of_all_blocks_is_not_after_block_0(scene):
    first = dataclasses.replace(scene.pair.fast, model=dataclasses.replace(scene.pair.fast.model, insert_after=0))
    said = tokens.shapes(Scene(dataclasses.replace(scene.pair, fast=first), scene.picture, LIGHT))
    assert "before&nbsp;block&nbsp;1" in said and "after" not in said


def test_a_chart_that_leaves_classes_out_says_so(scene):
    assert answers.left_out(scene) == ""
    names, model = tuple(f"class {k}" for k in range(100)), dataclasses.replace(scene.pair.vit.model, classes=100)
    many = dataclasses.replace(scene.pair.vit, model=model, class_names=names)
    crowd = Scene(dataclasses.replace(scene.pair, vit=many), scene.picture, LIGHT)
    assert "10 likeliest of 100 classes" in answers.left_out(crowd)
