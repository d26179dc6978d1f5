"""What a page or a terminal asks of trainings: start, stop, go on, delete."""

from __future__ import annotations

import shlex
import subprocess
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from vitviz.live.error import JobError, why
from vitviz.live.files import LOG, STOP, TRAINING, WORKER, write_json
from vitviz.live.job import Job, read
from vitviz.live.jobs import create, remove_empty
from vitviz.live.process import identity
from vitviz.live.python import environment, vitviz_command
from vitviz.runs.atomic import remove_folder


def start(
    root: str | Path, arguments: Sequence[str], *, title: str | None = None, label: str = "training", max_jobs: int = 1
) -> Job:
    """Starts `python -m vitviz train` with these arguments, in a process that outlives this one.

    Args:
        root: the folder of runs.
        arguments: as a person would type them, without `--runs-dir`.
        title: what to call it before a person; `label` becomes part of its id.
        max_jobs: it waits in the queue until fewer than this many are at work.

    Raises:
        JobError: the working folder cannot be made, or the process not be started.
    """
    when = datetime.now().astimezone().replace(microsecond=0)
    folder = create(root, label, arguments, when, title)
    return _launch(folder, ["train", *arguments, "--job", folder.name], max_jobs)


def start_again(job: Job, *, max_jobs: int = 1) -> Job:
    """Starts a process that goes on with a training from its last complete epoch.

    Raises:
        JobError: it is at work, it is finished, or the process cannot be started.
    """
    job = read(job.folder) or job
    if not job.can_continue:
        raise JobError(f"The training {job.id} is {job.state}: there is nothing to continue.")
    return _launch(job.folder, ["train", "--continue", job.id], max_jobs)


def continue_command(job: Job) -> str:
    """The line that a person would type to go on with it."""
    return shlex.join(["python", "-m", "vitviz", "train", "--continue", job.id, "--runs-dir", str(_root(job))])


def request_stop(job: Job) -> None:
    """Asks a training to stop. It keeps its complete epochs, saves them as runs, and ends as `stopped`.

    Raises:
        JobError: it is not at work, or the request cannot be written.
    """
    if job.ended:
        raise JobError(f"The training {job.id} is {job.state}: there is nothing to stop.")
    try:
        write_json(job.folder / STOP, {"at": time.time()})
    except OSError as error:
        raise JobError(f"The training {job.id} cannot be asked to stop: {why(error)}.") from error


def delete(job: Job) -> None:
    """Removes a training's working folder, with its checkpoints; the runs that it saved stay.

    Raises:
        JobError: it is at work, or the folder cannot be removed.
    """
    job = read(job.folder) or job
    if job.folder.name == TRAINING:
        raise JobError(f"The training {job.id} is finished: delete its runs instead ({', '.join(job.runs)}).")
    if not job.ended:
        raise JobError(f"The training {job.id} is {job.state}: stop it first (python -m vitviz stop {job.id}).")
    try:
        remove_folder(job.folder)
    except OSError as error:
        raise JobError(f"The training {job.id} cannot be deleted: {why(error)}.") from error
    remove_empty(_root(job))


def _launch(folder: Path, arguments: list[str], max_jobs: int) -> Job:
    root, since = folder.parents[1], time.time()
    try:
        with open(folder / LOG, "a", encoding="utf-8") as log:
            child = subprocess.Popen(
                [*vitviz_command(), *arguments, "--max-jobs", str(max_jobs), "--runs-dir", str(root)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, env=environment(),
                start_new_session=True,  # what ends the server of the page does not end this
            )  # fmt: skip
        write_json(folder / WORKER, identity(child.pid) | {"since": since})
    except OSError as error:
        raise JobError(f"The training could not be started: {why(error)}.") from error
    # asks for the child's end, or it would stay in the system's table for as long as the server lives
    threading.Thread(target=child.wait, name="reaper", daemon=True).start()
    return read(folder)


def _root(job: Job) -> Path:
    return job.folder.parents[1]
