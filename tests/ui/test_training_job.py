"""A training that a page starts: it runs by itself, and everything about it is in one file."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from vitviz.runs import RunStore
from vitviz.ui import training_job
from vitviz.ui.training_form import arguments_for
from vitviz.ui.training_job import FOLDER, JobError, read, start, stop, write

SMALL = {"preset": "tuned", "dataset": "fashion_mnist_mini", "patch_size": 14, "n_maps": 1, "limit": 100, "epochs": 1}


def wait_for_the_end(runs: Path, seconds: float = 180):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        job = read(runs)
        if not job.running:
            return job
        time.sleep(0.3)
    raise AssertionError(f"still running after {seconds} s: {read(runs)}")


def test_a_training_runs_in_its_own_process_and_leaves_a_pair(tmp_path):
    started = start(tmp_path, "a small pair", arguments_for(**SMALL))
    assert started.running
    with pytest.raises(JobError, match="a small pair is still running"):
        start(tmp_path, "another", arguments_for(**SMALL))
    job = wait_for_the_end(tmp_path)
    assert (job.state, job.message) == ("finished", "")
    assert sorted(job.runs) == RunStore(tmp_path).ids()
    assert 0 < job.time_ratio < 10


def test_a_training_that_cannot_be_done_says_why(tmp_path):
    start(tmp_path, "too many maps", arguments_for(**(SMALL | {"n_maps": 16})))
    job = wait_for_the_end(tmp_path)
    assert job.state == "failed"
    assert "n_maps must be smaller than the number of tokens" in job.message


def test_a_training_that_is_stopped_saves_nothing(tmp_path):
    start(tmp_path, "a long one", arguments_for(**(SMALL | {"epochs": 1000, "limit": 5000})))
    stop(tmp_path)
    job = wait_for_the_end(tmp_path)
    assert job.state == "stopped"
    assert RunStore(tmp_path).ids() == []


def test_a_process_that_died_is_noticed(tmp_path):
    folder = tmp_path / FOLDER
    folder.mkdir()
    values = {"state": "running", "title": "gone", "started": 0.0, "beat": time.time()}
    write(folder, values)
    assert read(tmp_path).running
    write(folder, values | {"beat": time.time() - training_job.DEAD_AFTER - 1})
    job = read(tmp_path)
    assert job.state == "failed" and "without a word" in job.message


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", '{"state": 3}'])
def test_a_damaged_state_file_counts_as_no_training(tmp_path, content):
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "state.json").write_text(content)
    job = read(tmp_path)
    assert job is None or not job.running
