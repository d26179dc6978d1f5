"""However a training ends, its end is told, what was complete is there, and going on gives what would have been."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from live_trainings import EPOCHS, PATIENCE, SMALL, only_job, until, within_an_epoch

from vitviz.live import Job, JobError, Snapshots, read_job, request_stop, start, start_again
from vitviz.live.files import LIVE
from vitviz.live.lock import Lock
from vitviz.runs import RunStore

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")


def pid_of(job: Job) -> int:
    return json.loads((job.folder / "worker.json").read_text())["pid"]


def test_a_killed_training_is_vanished_with_its_complete_epochs_and_says_how_to_go_on(killed, vitviz):
    job = only_job(killed)
    assert job.state == "vanished" and job.can_continue
    assert "without a word" in job.reason and len(job.reason) < 200
    for kind in ("vit", "fast"):
        done = job.epochs_kept(kind)
        assert 2 <= done < EPOCHS and len(job.history(kind)) == done
        assert job.points(kind)[-1]["epoch"] > done
        assert job.snapshots(kind).epochs()[: done + 1] == list(range(done + 1))
    assert RunStore(killed).ids() == []
    status, answer, _ = vitviz("runs", "--runs-dir", killed)
    assert status == 0 and [(row["id"], row["state"]) for row in answer["live"]] == [(job.id, "vanished")]


def test_a_killed_training_continued_equals_an_unbroken_one(killed_copy, vitviz, assert_as_unbroken):
    id = only_job(killed_copy).id
    status, answer, said = vitviz("train", "--continue", id, "--runs-dir", killed_copy)
    assert (status, said) == (0, "")
    assert answer["time_ratio"] > 0
    for kind in ("vit", "fast"):
        assert_as_unbroken(killed_copy, kind)
    assert sorted(os.listdir(killed_copy)) == sorted(run["id"] for run in answer["runs"])
    job = read_job(killed_copy, id)  # its records are in its runs now
    assert (job.state, job.runs) == ("finished", [run["id"] for run in answer["runs"]])
    for kind, run_id in job.planned.items():
        record = RunStore(killed_copy).load(run_id)
        assert job.history(kind) == record.history
        points = [point["epoch"] for point in job.points(kind)]
        assert points == pytest.approx(np.arange(1, 20 * EPOCHS + 1) / 20, abs=0.02)
        assert read_job(killed_copy, run_id).id == id


def test_the_snapshots_are_the_weights_after_each_epoch_and_name_their_pictures(unbroken):
    for record in unbroken.list():
        snapshots = Snapshots(record.path / "epochs")
        weights = record.weights()
        shapes = {name: array.shape for name, array in weights.items()}
        first, last = snapshots.weights(0, shapes), snapshots.weights(EPOCHS, shapes)
        for name, array in last.items():
            np.testing.assert_array_equal(array, weights[name].astype(np.float16), err_msg=name)
        assert any((first[name] != last[name]).any() for name in last)
        pictures = snapshots.pictures()
        assert pictures["split"] == "test" and sorted(pictures["labels"]) == list(range(10))


def damage_newest(root: Path, kind: str, *, all: bool = False) -> int:
    newest = sorted((only_job(root).folder / "checkpoints" / kind).glob("epoch-*"), reverse=True)
    for state in newest if all else newest[:1]:
        content = bytearray((state / "state.npz").read_bytes())
        content[len(content) // 2 : len(content) // 2 + 4000] = b"?" * 4000
        (state / "state.npz").write_bytes(content)
    return int(newest[0].name[6:])


def test_a_damaged_checkpoint_costs_one_epoch_and_not_the_result(killed_copy, vitviz, assert_as_unbroken):
    kind = max(("vit", "fast"), key=only_job(killed_copy).epochs_kept)
    epoch = damage_newest(killed_copy, kind)
    earlier = only_job(killed_copy).folder / "checkpoints" / kind / f"epoch-{epoch - 1:04}"
    assert earlier.exists()
    status, _, _ = vitviz("train", "--continue", only_job(killed_copy).id, "--runs-dir", killed_copy)
    assert status == 0
    assert_as_unbroken(killed_copy, kind)
    (run,) = (record.id for record in RunStore(killed_copy).list() if record.model.kind == kind)
    (warning,) = read_job(killed_copy, run).warnings
    assert warning == (f"The checkpoint of epoch {epoch} of the {kind} is damaged; the training goes on from epoch "
                       f"{epoch - 1}, with the same result.")


def test_without_any_readable_checkpoint_the_training_says_so_and_touches_nothing(killed_copy, vitviz):
    job = only_job(killed_copy)
    damage_newest(killed_copy, "vit", all=True)
    status, answer, said = vitviz("train", "--continue", job.id, "--runs-dir", killed_copy)
    assert status == 1 and answer is None
    assert "No checkpoint of the vit can be read" in said and len(said.splitlines()) == 1
    after = only_job(killed_copy)
    assert after.state == "failed" and after.reason in said
    assert after.epochs_kept("fast") == job.epochs_kept("fast") and after.history("fast") == job.history("fast")


def test_sigterm_stops_keeps_what_is_complete_and_continuing_equals_an_unbroken_training(
    tmp_path, train_process, vitviz, assert_as_unbroken
):
    process = train_process(*SMALL, "--runs-dir", tmp_path, "--json")
    until(lambda: within_an_epoch(tmp_path), "a second epoch")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    job = only_job(tmp_path)
    assert job.state == "stopped" and err == f"vitviz: {job.reason}\n"
    assert f"--continue {job.id} --runs-dir {job.folder.parents[1]}" in err
    store = RunStore(tmp_path)
    assert sorted(job.runs) == store.ids() and len(job.runs) == 2
    for record in store.list():
        done = record.status["epochs_done"]
        assert record.status["state"] == "stopped" and record.status["reason"] and 1 <= done < EPOCHS
        assert record.id in out and f"{done} of {EPOCHS} epochs in {record.id}" in err
        shapes = {name: array.shape for name, array in record.weights().items()}
        kept = Snapshots(record.path / "epochs").weights(done, shapes)  # the last complete epoch, not the broken one
        for name, array in record.weights().items():
            np.testing.assert_array_equal(array.astype(np.float16), kept[name], err_msg=name)
    status, answer, _ = vitviz("train", "--continue", job.runs[0], "--runs-dir", tmp_path)
    assert status == 0
    assert sorted(run["id"] for run in answer["runs"]) == sorted(job.runs) == sorted(os.listdir(tmp_path))
    for kind in ("vit", "fast"):
        assert_as_unbroken(tmp_path, kind)


def test_trainings_wait_in_a_queue_are_stopped_by_command_and_outlive_who_started_them(
    tmp_path, vitviz, assert_as_unbroken, kill_what_is_left
):
    """Also: trained alone, a fast ViT has the weights that it has in a race."""
    long = [*SMALL, "--model", "vit", "--epochs", "100000"]
    first = kill_what_is_left(start(tmp_path, long, title="the long one", label="long"))
    second = kill_what_is_left(start(tmp_path, [*SMALL, "--model", "fast"]))
    assert not first.ended and second.state == "queued"
    assert os.getsid(first_pid := pid_of(first)) == first_pid  # a session of its own: no terminal takes it along

    running = until(lambda: (job := read_job(tmp_path, first.id)).epochs_kept("vit") and job, "an epoch")
    assert (running.state, running.title, running.of("vit")["epochs"]) == ("running", "the long one", 100000)
    assert read_job(tmp_path, second.id).state == "queued"
    status, answer, _ = vitviz("runs", "--runs-dir", tmp_path)
    assert {row["id"]: row["state"] for row in answer["live"]} == {first.id: "running", second.id: "queued"}
    with pytest.raises(JobError, match="nothing to continue"):
        start_again(running)
    status, _, said = vitviz("train", "--continue", first.id, "--runs-dir", tmp_path)
    assert status == 1 and "at work already" in said
    status, _, said = vitviz("delete", first.id, "--yes", "--runs-dir", tmp_path)
    assert status == 1 and "stop it first" in said

    status, answer, _ = vitviz("stop", first.id, "--wait", PATIENCE, "--runs-dir", tmp_path)
    assert status == 0 and (answer["state"], len(answer["runs"])) == ("stopped", 1)
    assert RunStore(tmp_path).load(answer["runs"][0]).status["epochs_done"] >= 1
    status, _, said = vitviz("stop", first.id, "--runs-dir", tmp_path)
    assert status == 1 and "nothing to stop" in said

    until(lambda: read_job(tmp_path, second.id).state == "finished", "the end of the second training")
    until(lambda: not (second.folder).exists(), "the end of its working folder")
    assert_as_unbroken(tmp_path, "fast")

    status, _, _ = vitviz("delete", answer["runs"][0], "--yes", "--runs-dir", tmp_path)
    assert status == 0 and not (tmp_path / ".live").exists()  # with the checkpoints that could have continued it
    assert [record.model.kind for record in RunStore(tmp_path).list()] == ["fast"]


def test_a_queued_training_that_is_stopped_never_begins(tmp_path, kill_what_is_left, vitviz):
    with Lock(tmp_path / LIVE / "slot-0"):  # somebody else is at work
        job = kill_what_is_left(start(tmp_path, [*SMALL, "--model", "fast"]))
        until(lambda: "pid" in read_job(tmp_path, job.id).progress, "its first word")
        assert read_job(tmp_path, job.id).state == "queued"
        request_stop(job)
        ended = until(lambda: (now := read_job(tmp_path, job.id)).ended and now, "its end")
    assert (ended.state, ended.runs) == ("stopped", []) and "nothing to keep" in ended.reason
    assert "tensorflow" not in ended.log().lower()


def test_a_page_is_told_why_a_training_could_not_begin(tmp_path, kill_what_is_left):
    for arguments, words in (
        (["--dataset", "folder", "--data-dir", str(tmp_path / "none")], "none"),
        (["--patch-size", "99"], "patch_size must be a whole number from 1 to 28"),
        (["--no-such-option", "1"], "unrecognized arguments"),
    ):
        job = kill_what_is_left(start(tmp_path / "runs", arguments))
        ended = until(lambda: (now := read_job(tmp_path / "runs", job.id)).ended and now, "its end")  # noqa: B023
        assert ended.state in ("failed", "vanished") and words in ended.reason, ended.reason
        assert "\n" not in ended.reason
    shutil.rmtree(tmp_path / "runs")
