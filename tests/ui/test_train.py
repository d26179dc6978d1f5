"""The Train page without a browser: what the form says, what it refuses, what it starts and what it remembers."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from vitviz import live
from vitviz.commands import train as command
from vitviz.config import PRESETS, ConfigError
from vitviz.figures.theme import LIGHT
from vitviz.live.files import PROGRESS, WORKER, write_json
from vitviz.live.jobs import create
from vitviz.live.process import identity
from vitviz.ui.race import datasets, measuring, plan
from vitviz.ui.race.lanes import lanes_data
from vitviz.ui.race.live_curves import live_curves
from vitviz.ui.race.look import look
from vitviz.ui.race.measuring import Measuring
from vitviz.ui.race.settings import Settings, from_arguments

PAGE = str(Path(__file__).parent / "train_page.py")
WHEN = datetime(2026, 11, 23, 14, 25, 1).astimezone()


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A function: a query in, the page after its first run out."""
    monkeypatch.setenv("VITVIZ_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("VITVIZ_ZOO_DIR", str(tmp_path / "no zoo"))

    def visit(**query: str) -> AppTest:
        app = AppTest.from_file(PAGE, default_timeout=60)
        app.query_params.update({"dataset": "fashion_mnist_mini"} | query)
        app.run()
        assert not app.exception
        return app

    return visit


def said(app: AppTest, part: str = "") -> str:
    """The texts of the page in which `part` is found."""
    bodies = [block.proto.body for block in app.get("html") if not block.proto.body.startswith("<style")]
    return " ".join(body for body in bodies if part in body)


def ended(root: Path, state: str = "stopped", **progress: object) -> live.Job:
    """A training that has ended, told from made-up files."""
    folder = create(root, "tuned-p7-both4", Settings(patch_size=7, n_maps=4, epochs=9).arguments, WHEN)
    gone = identity() | {"pid": 2**22 + 1}
    write_json(folder / WORKER, gone | {"since": time.time()})
    write_json(folder / PROGRESS, {"pid": gone["pid"], "state": state, "updated": time.time()} | progress)
    return live.read_job(root, folder.name)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"train_patch_size": "14", "train_n_maps": "16"}, "n_maps must be smaller than the number of tokens"),
        ({"insert_after": "9"}, "insert_after must be a whole number from 0 to 4 (the number of blocks)"),
        ({"train_classes": "12"}, "classes must be from 2 to 10"),
        ({"dataset": "folder", "data_dir": "/no/such/folder"}, "does not exist or is not a folder"),
        ({"train_patch_size": "40"}, "patch_size must be a whole number from 1 to 28"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_control_and_cannot_be_started(page, query, words):
    app = page(**query)
    assert words in said(app, "vv-refused")
    assert app.button(key="start-training").disabled
    assert not page().button(key="start-training").disabled


def test_a_set_that_is_not_on_this_machine_says_where_to_put_it_and_nothing_is_downloaded(page, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "empty"))
    app = page(dataset="cifar10")
    assert "this page downloads nothing" in said(app, "vv-refused") and app.button(key="start-training").disabled
    assert app.text_input(key="data_dir").value == ""
    app.text_input(key="data_dir").set_value(str(tmp_path)).run()
    assert "does not hold CIFAR-10: expected the binary version" in said(app, "vv-refused")


def test_the_command_that_is_shown_is_the_one_that_the_page_starts(page, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(live, "start", lambda root, arguments, **more: started.append(arguments) or ended(root))
    app = page(train_patch_size="7", train_n_maps="4", limit="600", epochs="4", seed="3", width="32")
    app.button(key="start-training").click().run()
    shown = next(code.value for code in app.code if "--patch-size" in code.value and "--width" in code.value)
    assert shown == " ".join(["python -m vitviz train", *started[0], "--runs-dir", str(tmp_path / "runs")])
    settings, unknown = from_arguments(started[0])
    assert (settings.patch_size, settings.n_maps, settings.limit, settings.epochs) == (7, 4, 600, 4)
    assert (settings.seed, settings.width, settings.dataset, unknown) == (3, 32, "fashion_mnist_mini", [])


def test_a_double_click_starts_one_training_and_a_later_click_another(page, tmp_path, monkeypatch):
    started, clock = [], [WHEN + timedelta(seconds=1)]

    def begin(root: Path, arguments: list[str], **more: object) -> live.Job:
        folder = create(root, "n", arguments, WHEN)
        write_json(folder / WORKER, identity() | {"since": time.time()})
        write_json(folder / PROGRESS, {"pid": identity()["pid"], "state": "running", "updated": time.time()})
        started.append(folder.name)
        return live.read_job(root, folder.name)

    monkeypatch.setattr(live, "start", begin)
    monkeypatch.setattr(plan, "now", lambda: clock[0])
    app = page()
    for seconds, count in ((1, 1), (2, 1), (20, 2)):
        clock[0] = WHEN + timedelta(seconds=seconds)
        app.button(key="start-training").click().run()
        assert len(started) == count


def test_a_preset_brings_its_own_network_and_leaves_the_pictures(page):
    app = page(limit="1000")
    app.get("button_group")[0].set_value("article").run()
    assert app.select_slider(key="train_patch_size").value == 5
    assert (app.number_input(key="train_heads").value, app.number_input(key="batch_size").value) == (3, 32)
    assert (app.number_input(key="train_classes").value, app.select_slider(key="limit").value) == (4, "1000")
    assert "5×5 = 25 tokens, 3 rows and columns of pixels dropped" in said(app, "tokens")
    assert "922,420" in said(app, "parameters") and "927,604" in said(app, "parameters")


def test_every_setting_of_the_form_reaches_the_models_and_the_training():
    settings = Settings(
        preset="article", model="both", dataset="fashion_mnist_mini", classes=3, patch_size=7, n_maps=5, insert_after=1,
        token_learner="v1.1", blocks=3, heads=2, width=64, epochs=7, batch_size=16, seed=11, limit=900,
    )  # fmt: skip
    assert from_arguments(settings.arguments) == (settings, [])
    vit, fast = settings.models()
    assert (vit.patch_size, vit.blocks, vit.heads, vit.width, vit.classes, vit.n_maps) == (7, 3, 2, 64, 3, None)
    assert (fast.n_maps, fast.insert_after, fast.token_learner) == (5, 1, "v1.1")
    train = settings.train()
    assert (train.epochs, train.batch_size, train.seed, train.limit) == (7, 16, 11, 900)
    assert train.validation_fraction == PRESETS["article"].train.validation_fraction
    assert Settings(model="vit", n_maps=5).arguments.count("--n-maps") == 0


def test_settings_that_the_form_has_not_are_named_and_nonsense_is_refused():
    settings, unknown = from_arguments(["--preset", "article", "--learning-rate", "0.1", "--epochs", "2"])
    assert (settings.preset, settings.epochs, settings.patch_size, settings.limit) == ("article", 2, 5, None)
    assert unknown == ["learning_rate"]
    with pytest.raises(ConfigError, match="no arguments of train"):
        from_arguments(["--no-such-option", "1"])


def test_a_form_becomes_arguments_that_the_command_understands():
    import argparse

    parser = argparse.ArgumentParser()
    options = command.add(parser.add_subparsers()).parse_args(Settings(patch_size=4, n_maps=16, limit=None).arguments)
    assert (options.patch_size, options.n_maps, options.limit, options.dataset) == (4, 16, None, "fashion_mnist_mini")


def test_a_folder_of_pictures_is_looked_into_before_it_is_read(tmp_path):
    problem = datasets.about("folder", str(tmp_path)).problem
    assert "at least two sub-folders" in problem and "it holds 0" in problem
    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
    assert "no pictures in cats, dogs" in datasets.about("folder", str(tmp_path)).problem
    for name in ("cats", "dogs"):
        Image.fromarray(np.zeros((9, 9), np.uint8)).save(tmp_path / name / "one.png")
    about = datasets.about("folder", str(tmp_path))
    assert (about.problem, about.classes, about.image_shape[:2]) == (None, 2, (28, 28))


@pytest.mark.parametrize("name", ["limit", "train_patch_size", "train_n_maps"])
def test_a_number_of_thousands_of_digits_in_a_link_is_passed_over(page, name):
    usual, app = page(), page(**{name: "7" * 5000})
    assert app.select_slider(key=name).value == usual.select_slider(key=name).value


@pytest.mark.parametrize("path", ["~nosuchuser/x", "a\0b", "x" * 5000])
@pytest.mark.parametrize("dataset", ["folder", "cifar10"])
def test_a_path_that_can_be_none_is_refused_beside_its_control(page, dataset, path):
    app = page(dataset=dataset, data_dir=path)
    assert said(app, "vv-refused") and app.button(key="start-training").disabled


def test_a_folder_that_holds_too_much_is_given_up_soon_and_not_looked_through_again(tmp_path, monkeypatch):
    looked = []
    scandir = datasets.os.scandir
    monkeypatch.setattr(datasets, "BUDGET", 30)
    monkeypatch.setattr(datasets, "MOMENT", 1e9)
    monkeypatch.setattr(datasets.os, "scandir", lambda path: looked.append(str(path)) or scandir(path))
    for name in ("many", "more"):
        for number in range(40):
            (tmp_path / name / f"{number}").mkdir(parents=True)
    problem = datasets.about("folder", str(tmp_path)).problem
    assert "more than this page looks through (30 files and folders)" in problem
    assert len(looked) <= 32 and not [path for path in looked if path.startswith(str(tmp_path / "more"))]
    looked.clear()
    assert datasets.about("folder", str(tmp_path)).problem == problem
    assert looked == [str(tmp_path)]


def test_an_ended_training_is_shown_with_its_reason_and_fills_the_form(page, tmp_path):
    job = ended(tmp_path / "runs", "failed", reason="The disk is full.")
    app = page()
    assert job.id in app.query_params["race"]  # it stays there after a refresh
    assert "The disk is full." in said(app, "vv-verdict") and "failed" in said(app, "vv-state")
    assert not app.button(key="continue-training").disabled
    app.button(key="use-settings").click().run()
    app.run()
    assert not app.exception
    assert (app.select_slider(key="train_patch_size").value, app.number_input(key="epochs").value) == (7, 9)
    assert "none" in app.query_params["race"]
    assert "tuned pair, patch 7, 4 maps" in said(app, "vv-past")


def test_deleting_asks_first_and_then_nothing_is_left(page, tmp_path):
    ended(tmp_path / "runs")
    app = page()
    app.button(key="delete-training").click().run()
    assert "will be gone for good" in said(app, "vv-ask")
    assert live.list_jobs(tmp_path / "runs")
    app.button(key="delete-for-good").click().run()
    assert not app.exception and not live.list_jobs(tmp_path / "runs")


def test_a_link_to_a_training_that_is_gone_shows_the_form(page):
    for race in ("20260101-000000-tuned-p4-vit", "../../etc", "none"):
        app = page(race=race)
        assert not said(app, "vv-state") and not app.button(key="start-training").disabled


def test_in_the_lanes_the_one_with_the_lower_clock_is_first(tmp_path):
    part = {"epochs": 9, "epochs_done": 9, "steps": 90, "steps_done": 90, "step_ms": None, "last": None}
    job = ended(tmp_path, "finished", share=1.0, models={"vit": part | {"clock": 30.0}, "fast": part | {"clock": 20.0}})
    vit, fast = lanes_data(job)["lanes"]
    assert (vit["label"], vit["place"], vit["share"]) == ("ViT", 2, 1.0)
    assert (fast["label"], fast["place"], fast["share"]) == ("fast ViT", 1, 1.0)
    assert (vit["clock"], fast["clock"], fast["said"]) == ("30.0 s", "20.0 s", "finished first")
    half = part | {"steps_done": 45, "epochs_done": 4}
    job = ended(tmp_path, "stopped", share=0.5, models={"vit": half | {"clock": 9.0}, "fast": half | {"clock": 6.0}})
    assert [lane["place"] for lane in lanes_data(job)["lanes"]] == [None, None]
    assert "90 of 180 steps" in lanes_data(job)["words"]


def test_a_look_says_when_the_page_around_the_lanes_is_out_of_date(tmp_path, monkeypatch):
    monkeypatch.setenv("VITVIZ_RUNS_DIR", str(tmp_path))
    part = {"epochs": 9, "epochs_done": 4, "steps": 90, "steps_done": 45, "step_ms": None, "last": None, "clock": 150.0}
    job = ended(tmp_path, "stopped", share=0.5, models={"vit": part, "fast": part})
    first = look(job.id)
    assert first["pace"] is None and first["lanes"] == lanes_data(job)["lanes"]  # an ended one is not watched
    assert look(job.id)["drawn"] == first["drawn"]
    ended(tmp_path, "finished", share=1.0, models={"vit": part, "fast": part})
    assert look(job.id)["drawn"] != first["drawn"]
    assert look("20260101-000000-no-such") is None and look("../../etc") is None


class Slow:
    """In place of a process that measures."""

    begun: ClassVar[list] = []

    def __init__(self, arguments: list[str], timeout: float) -> None:
        self.arguments, self.values, self.cancelled = arguments, None, False
        Slow.begun.append(self)

    def result(self) -> dict | None:
        return self.values

    def cancel(self) -> None:
        self.cancelled = True


def test_an_estimate_is_measured_once_and_called_off_when_nobody_asks_any_more(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(measuring, "Measurement", Slow)
    monkeypatch.setattr(measuring.time, "monotonic", lambda: clock[0])
    Slow.begun = []
    here = Measuring()
    assert not here.ask(["a"], tmp_path).known and not Slow.begun  # not while a slider still moves
    clock[0] += 2
    here.ask(["a"], tmp_path)
    here.ask(["b"], tmp_path)
    clock[0] += 2
    here.ask(["b"], tmp_path)
    assert [one.arguments[0] for one in Slow.begun] == ["a"]  # one at a time
    clock[0] += 3
    here.ask(["b"], tmp_path)
    assert Slow.begun[0].cancelled and [one.arguments[0] for one in Slow.begun] == ["a", "b"]
    Slow.begun[1].values = {"seconds": 7.0}
    assert here.ask(["b"], tmp_path).values == here.known(["b"], tmp_path).values == {"seconds": 7.0}
    assert len(Slow.begun) == 2
    clock[0] += 1
    here.ask(["c"], tmp_path)
    clock[0] += 2
    here.ask(["c"], tmp_path)
    here.call_off()
    assert Slow.begun[2].cancelled and not here.known(["c"], tmp_path).known


def test_what_cannot_be_measured_says_why(tmp_path):
    here, end = Measuring(), time.monotonic() + 120
    while not (answer := here.ask(["--patch-size", "99"], tmp_path)).known and time.monotonic() < end:
        time.sleep(0.1)
    assert "patch_size must be a whole number from 1 to 28" in answer.reason


def test_a_training_of_a_terminal_is_followed_by_the_page(page, tmp_path):
    folder = create(tmp_path / "runs", "n", ["--preset", "tuned", "--patch-size", "14", "--n-maps", "1"], WHEN)
    write_json(folder / WORKER, identity() | {"since": time.time()})
    write_json(folder / PROGRESS, {"pid": identity()["pid"], "state": "running", "stage": "train", "share": 0.25})
    app = page()
    assert "tuned pair, patch 14, 1 map" in said(app, "vv-head") and "running" in said(app, "vv-state")
    assert app.button(key="start-training").label == "Add to the queue"
    assert not app.button(key="stop-training").disabled
    app.button(key="stop-training").click().run()
    assert json.loads((folder / "stop").read_text())["at"] > 0
    assert "stopping" in said(page(), "vv-state")


@pytest.mark.parametrize(("epochs", "most"), [(6, 7), (10_000, 12)])
def test_the_axis_of_the_curves_is_as_long_as_the_training_with_few_marks(tmp_path, epochs, most):
    part = {"epochs": epochs, "epochs_done": 1, "steps": 2 * epochs, "steps_done": 3, "clock": 6.0}
    job = ended(tmp_path, "stopped", models={"vit": part, "fast": part})
    axis = live_curves(job, "loss", LIGHT, "epoch").layout.xaxis
    assert tuple(axis.range) == (0, epochs) and epochs / axis.dtick + 1 <= most
    assert live_curves(job, "loss", LIGHT, "seconds").layout.xaxis.range[1] >= 2 * epochs * 2.0
