"""What a working folder says about a training, told from files alone."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

import pytest

from vitviz.config import ModelConfig
from vitviz.live import (
    JobError,
    Measurement,
    Stopped,
    delete,
    find_job,
    label,
    list_jobs,
    lock,
    process,
    queue,
    read_job,
    request_stop,
)
from vitviz.live.files import LAST_WORDS, PROGRESS, WORKER, read_lines, write_json
from vitviz.live.jobs import create
from vitviz.live.lock import Lock
from vitviz.live.process import alive, identity
from vitviz.live.worker import Worker

WHEN = datetime(2026, 11, 23, 14, 25, 1).astimezone()


@pytest.fixture
def folder(tmp_path) -> Path:
    """The working folder of a training that nobody has begun."""
    return create(tmp_path, "tuned-p4-vit", ["--model", "vit"], WHEN)


def state(folder: Path) -> str:
    return read_job(folder.parents[1], folder.name).state


def say(folder: Path, process: dict, **progress: object) -> None:
    """What a worker that is this process would have written."""
    write_json(folder / WORKER, process | {"since": time.time()})
    write_json(folder / PROGRESS, {"pid": process["pid"], "state": "running", "updated": time.time()} | progress)


def ended_process() -> dict:
    """The identity of a process that was there."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    known = identity(process.pid)
    process.communicate(b"\n")
    return known


def test_reading_trainings_needs_no_tensorflow():
    heavy = ["tensorflow", "keras", "streamlit"]
    code = f"import sys, vitviz.live; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_training_is_running_while_its_process_is_there_and_vanished_at_once_when_it_is_not(folder):
    say(folder, identity())
    assert state(folder) == "running"
    say(folder, ended_process())
    assert state(folder) == "vanished"


def test_another_process_of_the_same_number_is_not_the_worker(folder):
    process = identity()
    assert alive(process) is True
    if process["started"] is None:
        pytest.skip("this system does not tell when a process started")
    say(folder, process | {"started": process["started"] - 1})
    assert state(folder) == "vanished"


def test_a_dead_process_that_nobody_has_asked_after_is_dead():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    known = identity(process.pid)
    assert alive(known) is not False
    process.stdin.close()
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT) is None:  # a zombie from here on
        pass
    assert alive(known) is False
    process.wait()


@pytest.mark.parametrize(("silent", "expected"), [(0.5, "running"), (3.0, "running"), (5.0, "vanished")])
def test_of_a_process_on_another_machine_the_heartbeat_tells(folder, monkeypatch, silent, expected):
    monkeypatch.setattr(time, "time", lambda: 1e9)  # of the test's own: it stands still
    say(folder, identity() | {"where": "elsewhere"})
    (folder / "heartbeat").write_text(f"{time.time() - silent:.3f}\n")
    assert state(folder) == expected


def test_an_end_that_is_told_while_somebody_looks_is_no_vanishing(folder, monkeypatch):
    gone = ended_process()
    say(folder, gone)

    def dies(known: dict) -> bool:
        say(folder, gone, state="finished")
        return False

    monkeypatch.setattr(process, "alive", dies)
    assert state(folder) == "finished"


def test_one_that_vanished_says_whether_an_epoch_is_kept(folder):
    say(folder, ended_process())
    assert "No epoch was complete" in read_job(folder.parents[1], folder.name).reason
    (folder / "checkpoints" / "vit" / "epoch-001").mkdir(parents=True)
    assert "last complete epoch is kept" in read_job(folder.parents[1], folder.name).reason


def test_a_finished_training_that_still_hands_its_records_over_keeps_its_folder(folder):
    say(folder, identity(), state="finished")
    create(folder.parents[1], "another", [], WHEN)
    assert (folder / "job.json").exists()
    say(folder, ended_process(), state="finished")
    create(folder.parents[1], "another", [], WHEN)
    assert not folder.exists()


@pytest.mark.parametrize("end", ["finished", "stopped", "failed"])
def test_an_end_that_was_told_counts_though_the_process_is_gone(folder, end):
    say(folder, ended_process(), state=end, reason="because")
    job = read_job(folder.parents[1], folder.name)
    assert (job.state, job.reason, job.ended) == (end, "because", True)


def test_an_end_told_by_an_earlier_process_does_not_count(folder):
    say(folder, ended_process(), state="stopped", share=0.5)
    write_json(folder / WORKER, identity() | {"since": time.time()})
    job = read_job(folder.parents[1], folder.name)
    assert (job.state, job.share) == ("queued", 0.5)


def test_the_last_words_count_where_the_progress_could_not_be_written(folder):
    say(folder, ended_process(), models={"vit": {"epochs_done": 2}}, updated=100.0)
    write_json(folder / LAST_WORDS, {"pid": json.loads((folder / WORKER).read_text())["pid"], "state": "failed",
                                     "reason": "the disk is full", "updated": 101.0})
    job = read_job(folder.parents[1], folder.name)
    assert (job.state, job.reason, job.of("vit")["epochs_done"]) == ("failed", "the disk is full", 2)


def test_files_cut_short_are_no_reason_to_fall_over(folder):
    say(folder, identity())
    for name in (PROGRESS, WORKER, "heartbeat", "stop"):
        (folder / name).write_text('{"pid": 1')
        assert state(folder) in ("queued", "running", "vanished")
    (folder / "history-vit.jsonl").write_text('{"epoch": {"epoch": 1}}\n{"point": {"epo')
    assert read_lines(folder / "history-vit.jsonl") == [{"epoch": {"epoch": 1}}]
    (folder / "job.json").write_text("{")
    assert read_job(folder.parents[1], folder.name) is None and list_jobs(folder.parents[1]) == []


def test_a_worker_tells_its_beginning_its_progress_and_its_end(folder):
    with Worker(folder) as worker:
        assert state(folder) == "queued"
        first = float((folder / "heartbeat").read_text())
        while float((folder / "heartbeat").read_text()) == first:  # it beats
            time.sleep(0.05)
        worker.report(now=True, state="running", stage="train", share=0.25)
        job = read_job(folder.parents[1], folder.name)
        assert (job.state, job.stage, job.share) == ("running", "train", 0.25)
        with pytest.raises(JobError, match="stop it first"):
            delete(job)
    assert state(folder) == "finished"


def test_a_failure_is_told_in_one_sentence_with_the_traceback_in_the_log(folder):
    with pytest.raises(ZeroDivisionError), Worker(folder):
        _ = 1 / 0
    job = read_job(folder.parents[1], folder.name)
    assert (job.state, job.reason) == ("failed", "ZeroDivisionError: division by zero")
    assert "Traceback" in job.log() and "1 / 0" in job.log()


def test_a_request_to_stop_is_seen_by_the_worker_that_it_was_meant_for_and_by_no_later_one(folder):
    with pytest.raises(Stopped), Worker(folder) as worker:
        worker.check()
        request_stop(read_job(folder.parents[1], folder.name))
        assert read_job(folder.parents[1], folder.name).stopping
        worker.check()
    assert state(folder) == "stopped"
    with pytest.raises(JobError, match="nothing to stop"):
        request_stop(read_job(folder.parents[1], folder.name))
    with Worker(folder) as worker:
        assert not worker.stopping()


def test_two_workers_cannot_share_a_folder(folder):
    with Worker(folder), pytest.raises(JobError, match="at work already"), Worker(folder):
        pass
    assert state(folder) == "finished"


def test_who_waits_longest_goes_first_and_never_more_than_allowed_are_at_work(tmp_path):
    """Threads in place of processes: a lock is held by an open file, not by a process."""
    folders = [create(tmp_path, f"n{number}", [], WHEN) for number in range(3)]
    came, leave = [], [threading.Event() for _ in folders]

    def work(number: int) -> None:
        with Worker(folders[number]) as worker:
            worker.since = float(number)
            write_json(folders[number] / WORKER, identity() | {"since": worker.since})
            worker.wait_for_turn(1, lambda ahead: None)
            came.append(number)
            worker.report(now=True, state="running")
            leave[number].wait(30)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for number, thread in enumerate(threads):
        thread.start()
        while state(folders[number]) != ("running" if number == 0 else "queued"):
            time.sleep(0.01)
    while [job.id for job in queue(tmp_path)] != [folders[1].name, folders[2].name]:
        time.sleep(0.01)
    assert came == [0]
    for number, thread in enumerate(threads):
        leave[number].set()
        thread.join()
    assert came == [0, 1, 2]


def test_a_lock_is_held_once_and_leaves_no_file(tmp_path):
    one, other = Lock(tmp_path / "lock"), Lock(tmp_path / "lock")
    assert one.take() and not other.take()
    one.release()
    assert other.take()
    other.release()
    assert os.listdir(tmp_path) == []


def test_a_lock_whose_file_was_removed_before_it_was_had_is_taken_anew(tmp_path, monkeypatch):
    path, take, calls = tmp_path / "lock", lock._take, []

    def overtaken(handle: int) -> None:
        take(handle)
        if not calls:  # its last holder removes the file at this moment
            path.unlink()
        calls.append(handle)

    monkeypatch.setattr(lock, "_take", overtaken)
    one = Lock(path)
    assert one.take() and len(calls) == 2
    assert not Lock(path).take()
    one.release()


def test_where_the_file_system_cannot_lock_that_is_said_at_once(tmp_path, monkeypatch):
    def refuse(handle: int) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(lock, "_take", refuse)
    with pytest.raises(JobError, match=r"its file system cannot lock files\. Name another folder with --runs-dir"):
        create(tmp_path, "n", [], WHEN)


def test_ids_are_free_and_a_training_is_found_by_what_is_unique(tmp_path):
    first, second = (create(tmp_path, "tuned-p4-vit", [], WHEN) for _ in range(2))
    assert (first.name, second.name) == ("20261123-142501-tuned-p4-vit", "20261123-142501-tuned-p4-vit-2")
    write_json(second / "job.json", json.loads((second / "job.json").read_text()) | {"runs": {"fast": "the-run"}})
    assert find_job(tmp_path, "the-r").id == second.name
    assert find_job(tmp_path, first.name).id == first.name
    for given, words in (("2026", "begins the ids of 2"), ("nothing", "There is no training"), ("../x", "no training")):
        with pytest.raises(JobError, match=words):
            find_job(tmp_path, given)
    assert read_job(tmp_path, "../lock") is None


def test_a_label_names_one_model_or_the_pair():
    vit = ModelConfig()
    assert label([vit], "tuned") == "tuned-p4-vit"
    assert label([vit.fast(8)], None) == "own-p4-fast8"
    assert label([vit, vit.fast(8)], "tuned") == "tuned-p4-both8"


def test_a_training_without_a_name_is_called_by_what_it_trains(tmp_path):
    for arguments, title in (
        ([], "tuned pair, patch 4, 8 maps"),
        (["--preset", "article", "--patch-size", "7", "--n-maps", "1"], "article pair, patch 7, 1 map"),
        (["--model", "vit", "--n-maps", "3"], "tuned ViT, patch 4"),
        (["--model", "fast", "--n-maps", "3"], "tuned fast ViT, patch 4, 3 maps"),
    ):
        assert read_job(tmp_path, create(tmp_path, "n", arguments, WHEN).name).title == title
    folder = create(tmp_path, "n", ["--patch-size", "9"], WHEN)
    model = ModelConfig(patch_size=2, n_maps=16)
    write_json(folder / "job.json", json.loads((folder / "job.json").read_text())
               | {"models": {"fast": model.to_dict()}, "preset": "article"})  # fmt: skip
    assert read_job(tmp_path, folder.name).title == "article fast ViT, patch 2, 16 maps"
    assert read_job(tmp_path, create(tmp_path, "n", [], WHEN, title="mine").name).title == "mine"


def test_an_estimate_is_asked_for_now_and_then_and_can_be_called_off():
    measurement = Measurement(["--patch-size", "99"])
    measurement.cancel()
    with pytest.raises(JobError):
        measurement.result()
    measurement = Measurement(["--dataset", "fashion_mnist_mini"])
    assert measurement.result() is None
    measurement.cancel()
    assert measurement._process.returncode is not None


def test_a_place_in_the_queue_that_is_noted_late_does_not_make_a_training_wait_for_itself(folder):
    def on_wait(ahead: int) -> None:
        raise AssertionError(f"it waits for {ahead}, and is alone")

    with Worker(folder) as worker:
        write_json(folder / WORKER, identity() | {"since": worker.since - 1})  # by the process that started this one
        worker.wait_for_turn(1, on_wait)
