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


def test_half_precision_changes_the_test_accuracy_by_at_most_one_picture_of_a_thousand(built):
    for id in ("small-vit", "small-fast2"):
        test = built.load(id).metrics["test"]
        assert round(1000 * abs(test["accuracy"] - test["accuracy_full_precision"])) <= 1, id
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


@pytest.fixture
def small_zoo(built, tmp_path, monkeypatch):
    """The folder of a zoo that should have two small entries and has them."""
    monkeypatch.setattr(zoo, "entries", lambda: [VIT, FAST])
    shutil.copytree(built.root, tmp_path / "zoo")
    return tmp_path / "zoo"


def test_a_build_keeps_its_epochs_when_it_is_stopped_and_sets_a_damaged_entry_aside(
    built, small_zoo, monkeypatch, capsys
):
    (small_zoo / "small-vit" / "status.json").unlink()
    shutil.rmtree(small_zoo / "small-fast2")
    assert [entry.id for entry in zoo.missing(RunStore(small_zoo))] == ["small-vit", "small-fast2"]
    build = ["zoo", "build", "--zoo-dir", str(small_zoo), "--json"]

    def ctrl_c(progress, stage, trainers):
        if trainers[0].epochs_done == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("vitviz.commands.train.show", ctrl_c)
        assert main(build) == 130
    said = capsys.readouterr()
    assert "Stopped at small-vit; its complete epochs are kept" in said.err
    assert json.loads(said.out.splitlines()[-1]) == {"built": []}
    assert (small_zoo / ".training" / "small-vit" / "epoch-0001").exists()

    def meanwhile(progress, stage, trainers):
        if not (small_zoo / "small-fast2").exists():  # somebody else has built the other one
            shutil.copytree(built.root / "small-fast2", small_zoo / "small-fast2")

    monkeypatch.setattr("vitviz.commands.train.show", meanwhile)
    assert main(build) == 0
    said = capsys.readouterr()
    assert json.loads(said.out.splitlines()[-1]) == {"built": ["small-vit"]}
    weights, anew = built.load("small-vit").weights(), RunStore(small_zoo).load("small-vit").weights()
    assert all(np.array_equal(weights[name], anew[name]) for name in weights)
    [aside] = small_zoo.glob(".damaged-small-vit-*")
    assert (aside / "weights.npz").exists()
    assert zoo.missing(RunStore(small_zoo)) == []


def test_two_builds_of_one_zoo_do_not_collide(small_zoo, capsys):
    build = ["zoo", "build", "--zoo-dir", str(small_zoo)]
    with zoo.sole_build(RunStore(small_zoo)):
        assert main(build) == 1
        assert "Another build is at work" in capsys.readouterr().err
    assert main(build) == 0


def test_list_can_be_narrowed_and_says_what_is_damaged_and_what_is_not_built(small_zoo, capsys):
    listed = ["zoo", "list", "--zoo-dir", str(small_zoo), "--json", "--only"]
    assert main([*listed, "*-vit"]) == 0
    said = capsys.readouterr().out
    assert "small-fast2" not in said
    assert [row["id"] for row in json.loads(said.splitlines()[-1])["entries"]] == ["small-vit"]
    shutil.rmtree(small_zoo / "small-fast2")
    (small_zoo / "small-vit" / "status.json").unlink()
    assert main([*listed, "small-*"]) == 0
    vit, fast = (line for line in capsys.readouterr().out.splitlines() if line.startswith("small-"))
    assert "status.json" in vit and "not built" in fast
    assert main([*listed, "typo"]) == 1
    assert "No entry of the zoo fits 'typo'" in capsys.readouterr().err


def test_verify_passes_on_true_figures_and_fails_loudly_on_others(small_zoo, capsys):
    verify = ["zoo", "verify", "--zoo-dir", str(small_zoo)]
    assert main(verify) == 0
    metrics = small_zoo / "small-vit" / "metrics.json"
    values = json.loads(metrics.read_text())
    values["test"]["accuracy"] += 0.01
    metrics.write_text(json.dumps(values))
    assert main(verify) == 1
    assert "small-vit" in capsys.readouterr().err


def test_verify_wants_every_entry_and_with_a_pattern_looks_at_nothing_else(small_zoo, capsys):
    verify = ["zoo", "verify", "--zoo-dir", str(small_zoo)]
    (small_zoo / "small-vit" / "status.json").unlink()
    assert main(verify) == 1
    assert "small-vit: " in capsys.readouterr().err
    assert main([*verify, "--only", "*-fast2"]) == 0
    shutil.rmtree(small_zoo / "small-vit")
    assert main(verify) == 1
    assert "1 entry(ies) of the zoo are missing: small-vit." in capsys.readouterr().err
    assert main([*verify, "--only", "small-*"]) == 0
    assert main([*verify, "--only", "typo"]) == 1
    assert "No entry of the zoo fits 'typo'" in capsys.readouterr().err


def test_half_precision_changes_no_shipped_test_accuracy_by_a_tenth_of_a_point():
    """Both figures are stored ones: `zoo verify`, below, computes the one of half precision again, on all pictures.

    The one of full precision cannot be had again: those weights do not ship.
    """
    records = zoo.open_zoo().list()
    assert records
    for record in records:
        test = record.metrics["test"]
        assert abs(test["accuracy"] - test["accuracy_full_precision"]) < 0.001, record.id


def test_the_zoo_is_at_most_40_mb():
    files = [path for path in zoo.FOLDER.rglob("*") if path.is_file() and zoo.TRAINING not in path.parts]
    assert 0 < sum(path.stat().st_size for path in files) <= 40e6


def test_every_entry_ships_and_can_be_read():
    assert [entry.id for entry in zoo.missing(zoo.open_zoo())] == []


@pytest.mark.data
def test_the_shipped_figures_are_true_on_the_real_test_set(real_fashion_mnist, capsys):
    assert main(["zoo", "verify"]) == 0, capsys.readouterr().err
