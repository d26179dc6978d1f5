"""The Train page without a browser, and a training that it really starts."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from vitviz import live
from vitviz.commands.options import shapes, training
from vitviz.config import PRESETS
from vitviz.runs import RunStore
from vitviz.ui import estimate
from vitviz.ui.training_form import arguments_for

PAGE = str(Path(__file__).parent / "train_page.py")


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setenv("VITVIZ_RUNS_DIR", str(tmp_path))
    monkeypatch.setenv("VITVIZ_ZOO_DIR", str(tmp_path / "no zoo"))
    app = AppTest.from_file(PAGE, default_timeout=60).run()
    assert not app.exception
    return app


def test_maps_that_save_nothing_are_explained_and_cannot_be_started(page):
    page.select_slider(key="train_patch_size").set_value(14)
    page.select_slider(key="train_n_maps").set_value(16).run()
    assert "n_maps must be smaller than the number of tokens" in page.warning[0].value
    assert not [button for button in page.button if button.key == "start-training"]


def test_a_training_goes_on_without_the_page_and_shows_its_pair_when_it_is_done(page, tmp_path):
    page.selectbox(key="dataset").set_value("fashion_mnist_mini")
    page.select_slider(key="train_patch_size").set_value(14)
    page.select_slider(key="train_n_maps").set_value(1)
    page.select_slider(key="limit").set_value("1,000")
    page.slider(key="epochs").set_value(1).run()
    page.button(key="start-training").click().run()
    assert not page.exception
    assert page.button(key="start-training").disabled
    end = time.monotonic() + 240
    while live.list_jobs(tmp_path) and time.monotonic() < end:
        time.sleep(0.5)
    assert len(RunStore(tmp_path).ids()) == 2
    another = AppTest.from_file(PAGE, default_timeout=60).run()
    assert not another.exception
    assert len(another.dataframe[0].value.columns) == 3  # the measure, the ViT, the fast ViT
    assert not another.button(key="start-training").disabled


def test_a_form_becomes_arguments_that_the_command_understands():
    import argparse

    from vitviz.commands import train

    parser = argparse.ArgumentParser()
    command = train.add(parser.add_subparsers())
    wanted = arguments_for(preset="tuned", patch_size=4, n_maps=16, epochs=7, limit=None, dataset="fashion_mnist_mini")
    options = command.parse_args(wanted)
    vit, fast = shapes(options)
    _, config = training(options)
    assert (vit.patch_size, vit.n_maps, fast.n_maps) == (4, None, 16)
    assert (config.epochs, config.limit, config.dataset) == (7, None, "fashion_mnist_mini")


def test_an_estimate_grows_with_epochs_and_admits_when_it_knows_nothing():
    model, train = PRESETS["tuned"].model, PRESETS["tuned"].train
    assert estimate.seconds([model], train, 1000, []) is None
    assert "not known yet" in estimate.in_words(None)
    assert estimate.in_words(40) == "about 40 seconds"
    assert estimate.in_words(600) == "about 10 minutes"
