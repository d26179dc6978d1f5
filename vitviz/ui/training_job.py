"""One training, started from a page and running in a process of its own, and what its file says about it.

The page may be closed, reloaded or seen by ten people: the training goes on, and everybody reads the same small
file, `<runs>/.training/state.json`. The heart of the process beats into that file, so that a process that was killed
is noticed without asking the system about it. No Streamlit here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = ".training"  # the run store leaves names with a leading dot alone
BEAT = 1.0  # seconds between two signs of life
DEAD_AFTER = 20.0  # seconds without one
ENDED = ("finished", "failed", "stopped")


class JobError(ValueError):
    """A training cannot be started now; the message says why."""


@dataclass(frozen=True)
class Job:
    """What is known about the latest training of a folder of runs."""

    state: str  # running, finished, failed, stopped
    title: str
    share: float = 0.0
    text: str = ""
    started: float = 0.0
    beat: float = 0.0
    runs: tuple[str, ...] = field(default=())
    time_ratio: float | None = None
    message: str = ""

    @property
    def running(self) -> bool:
        """Whether it still trains."""
        return self.state == "running"


def start(runs_dir: Path, title: str, arguments: list[str]) -> Job:
    """Starts `python -m vitviz train` with these arguments.

    Raises:
        JobError: another training of this folder is running, or the folder cannot be written.
    """
    current = read(runs_dir)
    if current is not None and current.running:
        raise JobError(f"One training at a time: {current.title} is still running. Wait for it, or stop it.")
    folder = runs_dir / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "stop").unlink(missing_ok=True)
        now = time.time()
        write(folder, {"state": "running", "title": title, "text": "starting", "started": now, "beat": now + 10})
        with open(folder / "output.txt", "w", encoding="utf-8") as output:
            child = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "vitviz.ui.training_worker",
                    str(folder),
                    *arguments,
                    "--runs-dir",
                    str(runs_dir),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONPATH": _import_path()},
            )
    except OSError as error:
        raise JobError(f"The training could not be started in {runs_dir}: {error.strerror or error}.") from error
    _children.append(child)
    return read(runs_dir)


def read(runs_dir: Path) -> Job | None:
    """The latest training, or None if there never was one here."""
    folder = runs_dir / FOLDER
    for child in list(_children):  # a child that ended stays in the system's table until it is asked for
        if child.poll() is not None:
            _children.remove(child)
    try:
        values = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        job = Job(**{name: values[name] for name in Job.__dataclass_fields__ if name in values})
    except (OSError, ValueError, TypeError):
        return None
    if job.running and time.time() - job.beat > DEAD_AFTER:
        last = _last_line(folder / "output.txt")
        reason = "The training's process ended without a word: it was killed, or the machine ran out of memory."
        return Job("failed", job.title, job.share, started=job.started, message=f"{reason} {last}".strip())
    return job


def stop(runs_dir: Path) -> None:
    """Asks the training to stop at its next step; nothing of it is saved."""
    (runs_dir / FOLDER / "stop").touch()


def write(folder: Path, values: dict[str, Any]) -> None:
    """Replaces the state file in one step, so that no reader sees half of it."""
    beside = folder / f"state.{os.getpid()}.tmp"
    beside.write_text(json.dumps(values), encoding="utf-8")
    os.replace(beside, folder / "state.json")


_children: list[subprocess.Popen] = []


def _import_path() -> str:
    project = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join([project, *filter(None, [os.environ.get("PYTHONPATH")])])


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
