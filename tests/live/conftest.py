"""Real trainings in real processes: one that nobody disturbs, and others to be killed, stopped and continued."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from live_trainings import EPOCHS, PATIENCE, ROOT, SMALL, until, within_an_epoch

from vitviz.commands import main
from vitviz.live import Job, read_job
from vitviz.runs import RunStore


@pytest.fixture
def train_process() -> Iterator[Callable[..., subprocess.Popen]]:
    """A function: arguments in, the process of `train` out; what still runs at the end of the test is killed."""
    started = []

    def begin(*arguments: object, **changes: object) -> subprocess.Popen:
        command = [sys.executable, "-m", "vitviz", "train", *map(str, arguments)]
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"} | changes.pop("env", {})
        started.append(subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, **changes,
        ))  # fmt: skip
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def kill_what_is_left() -> Iterator[Callable[[Job], Job]]:
    """A function that remembers a training started as a page starts it, so that none outlives its test."""
    jobs = []

    def remember(job: Job) -> Job:
        jobs.append(job)
        return job

    yield remember
    for job in jobs:
        with contextlib.suppress(OSError, ValueError, KeyError):
            pid = json.loads((job.folder / "worker.json").read_text())["pid"]
            if pid != os.getpid() and not read_job(job.folder.parents[1], job.id).ended:
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def vitviz(capsys) -> Callable[..., tuple[int, dict | None, str]]:
    """A function: arguments in; exit status, the object of `--json` and standard error out.

    Runs in this process, but for a training that goes on: to end with the very same weights, it needs a TensorFlow
    whose threads and graph optimizer no test before has settled.
    """

    def run(*arguments: object) -> tuple[int, dict | None, str]:
        words = [*map(str, arguments), "--json"]
        if "--continue" in words:
            done = subprocess.run(
                [sys.executable, "-m", "vitviz", *words], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE,
                env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"},
            )  # fmt: skip
            status, out, said = done.returncode, done.stdout, done.stderr
        else:
            capsys.readouterr()
            status = main(words)
            out, said = capsys.readouterr()
        lines = out.splitlines()
        return status, json.loads(lines[-1]) if lines and lines[-1].startswith("{") else None, said

    return run


@pytest.fixture(scope="session")
def unbroken(tmp_path_factory) -> RunStore:
    """The runs of a pair that nobody disturbed."""
    root = tmp_path_factory.mktemp("unbroken")
    command = [sys.executable, "-m", "vitviz", "train", *SMALL, "--runs-dir", str(root)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=PATIENCE)
    return RunStore(root)


@pytest.fixture
def assert_as_unbroken(unbroken) -> Callable[[Path, str], None]:
    """A function: a folder of runs and a kind in; that run must be what it is when nobody disturbs the training."""

    def compare(root: Path, kind: str) -> None:
        store = RunStore(root)
        (run,) = (record for record in store.list() if record.model.kind == kind)
        (other,) = (record for record in unbroken.list() if record.model.kind == kind)
        assert run.status == {"state": "finished", "epochs_done": EPOCHS, "reason": None}
        weights, expected = run.weights(), other.weights()
        assert weights.keys() == expected.keys()
        for name in weights:
            np.testing.assert_array_equal(weights[name], expected[name], err_msg=name)
        assert run.metrics == other.metrics
        assert [_scores(row) for row in run.history] == [_scores(row) for row in other.history]
        epochs = [path.name for path in sorted((run.path / "epochs").glob("*.npz"))]
        assert epochs == [f"{epoch:03}.npz" for epoch in range(EPOCHS + 1)]

    return compare


@pytest.fixture(scope="session")
def killed(tmp_path_factory) -> Path:
    """A folder of runs in which a pair's training was killed in the middle of an epoch; copy it before changing it."""
    root = tmp_path_factory.mktemp("killed")
    command = [sys.executable, "-m", "vitviz", "train", *SMALL, "--runs-dir", str(root)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: within_an_epoch(root, kept=2), "a third epoch")
    finally:
        process.kill()
        process.wait()
    return root


@pytest.fixture
def killed_copy(killed, tmp_path) -> Path:
    """The same, to be changed."""
    return Path(shutil.copytree(killed, tmp_path / "runs"))


def _scores(row: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in row.items() if name != "seconds"}
