"""The pictures that Explore and the Time machine show of a training on a folder, or on a set that is not here."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from live_trainings import SMALL
from PIL import Image

from vitviz.commands import main
from vitviz.data import keras_cache, load
from vitviz.runs import RunRecord, RunStore
from vitviz.ui.pictures import gallery_for
from vitviz.ui.time_machine import trainings
from vitviz.ui.time_machine.fixed_pictures import key_of, load_fixed

SEED = 5


def paint(folder: Path) -> None:
    """Twenty pictures of each of two classes; the grey value of each is its own."""
    for name, first in (("cats", 0), ("dogs", 100)):
        (folder / name).mkdir(parents=True)
        for number in range(20):
            Image.new("L", (28, 28), first + number).save(folder / name / f"{number:02}.png")


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A folder in which `pictures` were trained on, from within, to `runs`."""
    here = tmp_path_factory.mktemp("here")
    paint(here / "pictures")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        assert main(["train", *SMALL[4:], "--dataset", "folder", "--data-dir", "pictures", "--epochs", "1",
                     "--seed", str(SEED), "--model", "vit", "--runs-dir", "runs"]) == 0  # fmt: skip
    return here


def only_run(here: Path) -> RunRecord:
    (record,) = RunStore(here / "runs").list()
    return record


def test_a_run_on_a_folder_shows_its_own_test_pictures_with_their_classes(trained):
    gallery = gallery_for(only_run(trained))
    test = load("folder", folder=trained / "pictures", seed=SEED).test
    assert gallery.note is None and gallery.class_names == ("cats", "dogs")
    np.testing.assert_array_equal(gallery.split.images, test.images)
    assert [gallery.picture(name).label for name in gallery.names] == test.labels.tolist()


def test_the_time_machine_finds_the_same_folder(trained, monkeypatch):
    monkeypatch.setenv("VITVIZ_RUNS_DIR", str(trained / "runs"))
    monkeypatch.setenv("VITVIZ_ZOO_DIR", str(trained / "no zoo"))
    (training,) = trainings()
    assert load_fixed(key_of(training)).class_names == ("cats", "dogs")


def test_where_the_folder_has_gone_or_has_other_classes_the_sample_stands_in_until_it_is_back(trained):
    record, pictures, away = only_run(trained), trained / "pictures", trained / "away"
    pictures.rename(away)
    try:
        gallery = gallery_for(record)
        assert "not at hand" in gallery.note and gallery.picture(gallery.names[0]).label is None
    finally:
        away.rename(pictures)
    assert gallery_for(record).note is None
    (pictures / "cats").rename(pictures / "birds")
    try:
        assert "not at hand" in gallery_for(record).note
    finally:
        (pictures / "birds").rename(pictures / "cats")
    assert gallery_for(record).note is None


def test_nothing_is_downloaded_for_a_page(trained, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(keras_cache, "load_through_keras", asked.append)
    record = only_run(trained)
    for name in ("mnist", "cifar10", "cifar100"):
        train = dataclasses.replace(record.train, dataset=name)
        gallery = gallery_for(dataclasses.replace(record, path=tmp_path / "a run", train=train))
        assert "not at hand" in gallery.note
    assert asked == []
