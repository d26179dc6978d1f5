"""The shipped models: which there should be, that a build survives a stop, and that their figures are true."""

from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pytest

from vitviz import data, zoo
from vitviz.commands import main
from vitviz.config import TUNED
from vitviz.runs import RunStore
from vitviz.training import teacher

MODEL = dataclasses.replace(TUNED.model, patch_size=14)
TRAIN = dataclasses.replace(TUNED.train, epochs=3, dataset="fashion_mnist_mini")
VIT = zoo.Entry("small-vit", "tuned", MODEL, TRAIN, None)
FAST = zoo.Entry("small-fast2", "tuned", MODEL.fast(2), TRAIN, "small-vit")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A zoo of two small entries."""
    store = RunStore(tmp_path_factory.mktemp("zoo"))
    zoo.build(VIT, store, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zoo, "TIMING_SECONDS", 1.0)
        zoo.build(FAST, store, None)
    return store


def test_there_is_a_vit_for_every_patch_size_and_a_fast_vit_for_every_number_of_maps_below_its_tokens():
    ids = [entry.id for entry in zoo.entries()]
    assert len(ids) == len(set(ids))
    for patch_size, maps in {4: (1, 2, 4, 8, 16), 5: (1, 2, 4, 8, 16), 7: (1, 2, 4, 8), 14: (1, 2)}.items():
        family = [id for id in ids if id.startswith(f"tuned-p{patch_size}-")]
        assert family == [f"tuned-p{patch_size}-vit", *(f"tuned-p{patch_size}-fast{n}" for n in maps)]
    assert ids[-2:] == ["article-p5-vit", "article-p5-fast4"]


def test_what_is_missing_can_be_narrowed_and_a_pattern_that_fits_nothing_is_refused(tmp_path):
    assert [entry.id for entry in zoo.missing(RunStore(tmp_path), "tuned-p14-*")] == [
        "tuned-p14-vit", "tuned-p14-fast1", "tuned-p14-fast2",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="tuned-p3"):
        zoo.missing(RunStore(tmp_path), "tuned-p3-*")


def test_an_entry_carries_its_figures_and_names_its_vit(built):
    fast = built.load("small-fast2")
    assert fast.pair == fast.timing["pair"]["other"] == "small-vit"
    assert fast.timing["pair"]["slices"] >= 1 and fast.timing["machine"]["cores"] >= 1
    assert set(fast.metrics) == {"train", "validation", "test"}
    assert len(fast.history) == 3 and fast.operations["macs"] > 0


def test_half_precision_changes_the_test_accuracy_by_less_than_a_tenth_of_a_point(built):
    for id in ("small-vit", "small-fast2"):
        test = built.load(id).metrics["test"]
        assert abs(test["accuracy"] - test["accuracy_full_precision"]) < 0.0011  # one picture of the sample's 1,000
    with np.load(built.root / "small-vit" / "weights.npz") as archive:
        assert {archive[name].dtype for name in archive.files} == {np.dtype(np.float16)}


def test_a_build_that_was_stopped_goes_on_to_the_same_model(built, tmp_path):
    class Stop(Exception):
        pass

    def stop(stage, trainers):
        if trainers[0].epochs_done == 2:
            raise Stop

    store = RunStore(tmp_path)
    with pytest.raises(Stop):
        zoo.build(VIT, store, None, stop)
    assert store.ids() == [] and list((tmp_path / ".training").rglob("epoch-*"))
    zoo.build(VIT, store, None)
    whole, resumed = built.load("small-vit").weights(), store.load("small-vit").weights()
    assert all(np.array_equal(whole[name], resumed[name]) for name in whole)
    assert not list((tmp_path / ".training").rglob("epoch-*"))


def test_the_teacher_of_an_entry_is_trained_apart_and_asked_once(tmp_path, monkeypatch):
    train = dataclasses.replace(TRAIN, epochs=1, teacher=0.5)
    store, whole = RunStore(tmp_path), data.load("fashion_mnist_mini")
    few = dataclasses.replace(whole, train=whole.train.take(slice(0, None, 17)))  # a teacher learns slowly
    monkeypatch.setattr(data, "load", lambda *_, **__: few)
    # in this process nobody may train one: the threads that it wants would stay
    monkeypatch.setattr(teacher, "train", lambda *_: pytest.fail("The teacher is trained beside the models."))
    zoo.build(dataclasses.replace(VIT, train=train), store, None)
    [kept] = (tmp_path / ".training").glob("teacher-fashion_mnist_mini-*.npy")
    said, written = np.load(kept), kept.stat().st_mtime_ns
    assert said.shape[0] == 2 and said.shape[2] == 10 and np.isfinite(said).all()
    zoo.build(dataclasses.replace(FAST, vit=None, train=train), store, None)
    assert kept.stat().st_mtime_ns == written
    assert store.ids() == ["small-fast2", "small-vit"]


def test_verify_passes_on_true_figures_and_fails_loudly_on_others(built, tmp_path, capsys):
    folder = tmp_path / "zoo"
    shutil.copytree(built.root, folder)
    assert main(["zoo", "verify", "--zoo-dir", str(folder)]) == 0
    metrics = folder / "small-vit" / "metrics.json"
    values = json.loads(metrics.read_text())
    values["test"]["accuracy"] += 0.01
    metrics.write_text(json.dumps(values))
    assert main(["zoo", "verify", "--zoo-dir", str(folder)]) == 1
    assert "small-vit" in capsys.readouterr().err


def test_half_precision_changes_no_shipped_test_accuracy_by_a_tenth_of_a_point():
    records = zoo.open_zoo().list()
    assert records
    for record in records:
        test = record.metrics["test"]
        assert abs(test["accuracy"] - test["accuracy_full_precision"]) < 0.001, record.id


@pytest.mark.data
def test_the_shipped_figures_are_true_on_the_real_test_set(real_fashion_mnist, capsys):
    assert main(["zoo", "verify"]) == 0, capsys.readouterr().err
