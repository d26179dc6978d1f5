"""Saving, listing, finding and deleting runs."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

import vitviz
from vitviz.config import ModelConfig
from vitviz.runs import HISTORY_COLUMNS, RunError, Runs, RunStore, new_id

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FILES = {"config.json", "history.csv", "timing.json", "metrics.json", "operations.json", "status.json", "weights.npz"}


def test_a_saved_run_comes_back_with_every_field(store, make_record, weights):
    record = make_record()
    folder = store.save(record, weights)
    loaded = store.load(record.id)
    assert dataclasses.replace(loaded, path=None) == record
    assert loaded.path == folder == store.root / record.id
    back = loaded.weights()
    assert set(back) == set(weights)
    for name, array in weights.items():
        assert back[name].dtype == np.float32
        np.testing.assert_array_equal(back[name], array)


def test_the_folder_holds_the_promised_files_and_nothing_is_left_beside_it(store, saved):
    assert {path.name for path in saved.iterdir()} == FILES
    assert [path.name for path in store.root.iterdir()] == [saved.name]


def test_the_files_are_readable_without_this_project(saved, weights):
    config = json.loads((saved / "config.json").read_text(encoding="utf-8"))
    assert set(config) == {"model", "train", "preset", "class_names", "data_source", "pair", "created", "vitviz"}
    assert config["model"]["n_maps"] == 4 and config["created"].startswith("2026-11-23T14:25:01")
    with (saved / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == HISTORY_COLUMNS and [row["epoch"] for row in rows] == ["1", "2"]
    with np.load(saved / "weights.npz", allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["embedding/kernel"], weights["embedding/kernel"])


def test_numpy_numbers_values_not_taken_and_a_diverged_loss_survive(store, make_record, weights):
    row = {"epoch": np.int64(1), "seconds": np.float32(0.1), "loss": math.nan}
    record = make_record(history=[row], status={"state": "stopped", "epochs_done": np.int64(1), "reason": "asked to"},
                         timing={"epoch_seconds": np.array([1.5])}, metrics={"train": {"loss": np.float32("nan")}},
                         operations={"params": np.int64(2**40), "macs": 1})
    store.save(record, weights)
    loaded = store.load(record.id)
    assert list(loaded.history[0]) == ["epoch", "seconds", "loss"]  # nothing made up for what was not taken
    assert loaded.history[0]["epoch"] == 1 and loaded.history[0]["seconds"] == float(np.float32(0.1))
    assert math.isnan(loaded.history[0]["loss"]) and math.isnan(loaded.metrics["train"]["loss"])
    assert loaded.timing == {"epoch_seconds": [1.5]} and loaded.operations["params"] == 2**40


def test_a_run_that_failed_before_its_first_epoch_can_be_kept(store, make_record):
    status = {"state": "failed", "epochs_done": 0, "reason": "The data set is gone."}
    store.save(make_record(history=[], metrics={}, status=status), {})
    (record,) = store.list()
    assert record.status == status and record.history == [] and record.weights() == {}


def test_runs_are_listed_newest_first_across_time_zones(store, make_record, weights):
    east = timezone(timedelta(hours=9))
    for id, created in {"old": NOON, "new": NOON + timedelta(hours=1),
                        "east": datetime(2026, 1, 1, 21, 30, tzinfo=east)}.items():  # 12:30 UTC
        store.save(make_record(id, created=created), weights)
    assert [record.id for record in store.list()] == ["new", "east", "old"]
    assert store.ids() == ["east", "new", "old"]


def test_a_store_without_a_folder_is_empty_until_the_first_save(tmp_path, make_record, weights):
    store = RunStore(tmp_path / "not" / "yet")
    assert store.ids() == [] and store.list() == [] and store.damaged() == {}
    assert not store.root.exists()
    store.save(make_record(), weights)
    assert len(store.list()) == 1


def test_a_store_that_is_a_file_is_named(tmp_path):
    (tmp_path / "runs").write_text("no folder")
    with pytest.raises(RunError, match=r"runs cannot be read as a folder of runs: Not a directory"):
        RunStore(tmp_path / "runs").list()


def test_a_run_is_found_by_the_first_letters_of_its_id(store, make_record, weights):
    for id in ("20260101-tuned-p4-vit", "20260101-tuned-p4-fast8", "20260202-own"):
        store.save(make_record(id), weights)
    assert store.load("202602").id == "20260202-own"
    assert store.load("20260101-tuned-p4-v").id == "20260101-tuned-p4-vit"
    with pytest.raises(RunError, match=r"begins the ids of 2 runs .*p4-fast8, 20260101-tuned-p4-vit.*give more of it"):
        store.load("20260101")
    with pytest.raises(RunError, match=r"no run '2026010-tuned-p4-vit' .*nearest id is 20260101-tuned-p4-vit.*runs"):
        store.load("2026010-tuned-p4-vit")
    with pytest.raises(RunError, match="no run ''"):
        store.load("")


def test_a_whole_id_counts_even_where_others_begin_with_it(store, make_record, weights):
    for id in ("p4", "p4-fast8"):
        store.save(make_record(id), weights)
    assert store.load("p4").id == "p4"


@pytest.mark.parametrize("id", ["../x", "..", ".", "", "a/b", "a\\b", "/etc", ".hidden", "-rf", "a b", "a\n", "a\0b",
                                "ends-with.", "é", "x" * 101, 7, None])
def test_an_id_that_is_no_plain_name_is_refused_everywhere(store, saved, make_record, weights, id):
    outside = store.root.parent / "x"
    outside.mkdir()
    with pytest.raises(RunError, match="A run's id is"):
        make_record(id)
    with pytest.raises(RunError, match="A run's id is"):
        make_record(pair=id if id is not None else 0)
    if isinstance(id, str):
        with pytest.raises(RunError, match="There is no run"):
            store.load(id)
        with pytest.raises(RunError, match="There is no run"):
            store.delete(id)
    assert outside.is_dir() and store.ids() == [saved.name]


def test_an_id_that_is_taken_is_refused_and_the_run_stays_as_it_was(store, saved, make_record):
    before = {path.name: path.read_bytes() for path in saved.iterdir()}
    with pytest.raises(RunError, match="a run of that name is there already"):
        store.save(make_record(preset=None), {})
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before
    assert os.listdir(store.root) == [saved.name]


def test_of_two_processes_that_save_the_same_id_at_once_one_wins_whole(store, make_record, weights, monkeypatch):
    """The second save happens while the first is at its last step: after it looked whether the id is free."""
    first, second = make_record("same", preset="article"), make_record("same", preset="tuned")
    rename = os.rename

    def late(source, target):
        monkeypatch.setattr(os, "rename", rename)
        RunStore(store.root).save(second, weights)
        rename(source, target)

    monkeypatch.setattr(os, "rename", late)
    with pytest.raises(RunError, match="there already"):
        store.save(first, weights)
    assert store.load("same").preset == "tuned" and os.listdir(store.root) == ["same"]


def test_free_id_counts_on_where_a_name_is_taken(store, make_record, weights):
    assert store.free_id("p4") == "p4"
    for id in ("p4", "p4-2"):
        store.save(make_record(id), weights)
    assert store.free_id("p4") == "p4-3"


def test_a_deleted_run_is_gone_and_the_others_stay(store, make_record, weights):
    for id in ("keep", "drop"):
        store.save(make_record(id), weights)
    store.delete("drop")
    assert store.ids() == ["keep"] and os.listdir(store.root) == ["keep"]
    with pytest.raises(RunError, match=r"There is no run 'kee' .* deleting takes the whole id"):
        store.delete("kee")


def test_deleting_a_linked_run_leaves_what_the_link_points_at(tmp_path, store, make_record, weights):
    elsewhere = RunStore(tmp_path / "elsewhere")
    folder = elsewhere.save(make_record("linked"), weights)
    store.root.mkdir()
    (store.root / "linked").symlink_to(folder)
    assert store.load("linked").id == "linked"
    store.delete("linked")
    assert os.listdir(store.root) == [] and elsewhere.load("linked").id == "linked"


def test_a_read_only_store_reads_and_refuses_every_change(store, saved, make_record, weights):
    shipped = RunStore(store.root, read_only=True)
    assert shipped.load(saved.name).id == saved.name
    with pytest.raises(RunError, match="shipped and stay as they are"):
        shipped.save(make_record("another"), weights)
    with pytest.raises(RunError, match="shipped and stay as they are"):
        shipped.delete(saved.name)
    with pytest.raises(RunError, match="shipped and stay as they are"):
        shipped.set_aside(saved.name)
    assert os.listdir(store.root) == [saved.name]


def test_a_run_that_is_set_aside_keeps_its_files_and_frees_its_name(store, saved, make_record, weights):
    kept = sorted(os.listdir(saved))
    aside = store.set_aside(saved.name)
    assert store.ids() == [] and sorted(os.listdir(aside)) == kept
    store.save(make_record(saved.name), weights)
    assert store.ids() == [saved.name] and aside.exists()  # what is half written is swept then, and this is not
    with pytest.raises(RunError):
        store.set_aside("../elsewhere")


def test_two_stores_are_read_as_one_and_the_first_counts(tmp_path, make_record, weights):
    mine, zoo = RunStore(tmp_path / "mine"), RunStore(tmp_path / "zoo")
    mine.save(make_record("mine", created=NOON), weights)
    mine.save(make_record("both", created=NOON, preset=None), weights)
    zoo.save(make_record("both", created=NOON, preset="article"), weights)
    zoo.save(make_record("zoo", created=NOON + timedelta(days=1)), weights)
    zoo.save(make_record("broken"), weights)
    (zoo.root / "broken" / "status.json").unlink()
    runs = Runs(mine, RunStore(zoo.root, read_only=True))
    assert [record.id for record in runs.list()] == ["zoo", "mine", "both"]
    assert runs.ids() == ["both", "broken", "mine", "zoo"]
    assert runs.load("both").preset is None and runs.load("z").path == zoo.root / "zoo"
    assert runs.damaged() == {"broken": "status.json is missing."}
    with pytest.raises(RunError, match="begins the ids of 2 runs"):
        runs.load("b")  # one of them is in the second store only
    with pytest.raises(RunError, match=r"no run 'none' in .*mine or .*zoo"):
        runs.load("none")


def test_a_run_damaged_in_the_first_store_is_not_replaced_in_silence_by_the_second(tmp_path, make_record, weights):
    mine, zoo = RunStore(tmp_path / "mine"), RunStore(tmp_path / "zoo")
    for store in (mine, zoo):
        store.save(make_record("both"), weights)
    (mine.root / "both" / "metrics.json").unlink()
    runs = Runs(mine, zoo)
    assert runs.list() == [] and runs.damaged() == {"both": "metrics.json is missing."}
    with pytest.raises(RunError, match=r"metrics.json is missing"):
        runs.load("both")
    other_way_round = Runs(zoo, mine)  # the run that counts is whole, so there is nothing to complain about
    assert other_way_round.load("both").path == zoo.root / "both" and other_way_round.damaged() == {}


def test_new_ids_are_readable_valid_and_sort_by_time(make_record):
    when = datetime(2026, 11, 23, 14, 25, 1)
    model = ModelConfig(patch_size=4)
    assert new_id(model.fast(8), "tuned", when) == "20261123-142501-tuned-p4-fast8"
    assert new_id(model, None, when) == "20261123-142501-own-p4-vit"
    assert make_record(new_id(model, "article", when)).id.endswith("article-p4-vit")
    assert new_id(model, "tuned", when) < new_id(model, "article", when + timedelta(seconds=1))


@pytest.mark.parametrize(("field", "value", "message"), [
    ("class_names", ("a", "b"), "class_names must be 3 names"),
    ("class_names", "abc", "class_names must be 3 names"),
    ("created", "2026-01-01", "created must be a date and time, not '2026-01-01'"),
    ("status", {"state": "done", "epochs_done": 2}, "one of finished, stopped, failed, not 'done'"),
    ("status", {"state": "finished", "epochs_done": 3}, "a row for each of the 3 epochs done, not 2"),
    ("history", [{"epoch": 2}, {"epoch": 1}], "row 1 of history must be epoch 1, not 2"),
    ("history", [{"epoch": 1, "lr": 0.1}, {"epoch": 2}], "history has the columns epoch, .*, not 'lr'"),
    ("history", [{"epoch": 1, "loss": "low"}, {"epoch": 2}], "loss in history must be a number, not 'low'"),
    ("metrics", {"dev": {}}, "metrics has the splits train, validation, test, not 'dev'"),
    ("metrics", {"test": {"loss": None}}, "metrics of test must be numbers"),
    ("operations", {"params": 1}, "whole numbers params and macs"),
    ("operations", {"params": 1.5, "macs": 2}, "whole numbers params and macs"),
    ("model", {"patch_size": 4}, "must be a ModelConfig and a TrainConfig, not 'dict"),
])
def test_a_record_that_breaks_a_rule_cannot_be_made(make_record, field, value, message):
    with pytest.raises(RunError, match=message):
        make_record(**{field: value})


def test_a_record_that_was_never_saved_has_no_weights(make_record):
    with pytest.raises(RunError, match="save it in a store first"):
        make_record().weights()


def test_a_value_that_json_cannot_hold_leaves_nothing_behind(store, make_record, weights):
    with pytest.raises(RunError, match=r"timing.json can hold numbers, texts, lists and tables only"):
        store.save(make_record(timing={"machine": object()}), weights)
    assert os.listdir(store.root) == []


def test_the_run_store_needs_neither_tensorflow_nor_streamlit():
    code = "import sys, vitviz.runs; print(sorted({'tensorflow', 'keras', 'streamlit', 'plotly'} & set(sys.modules)))"
    root = Path(vitviz.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


