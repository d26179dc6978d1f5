"""The trainings of a folder of runs: make, list, find."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from vitviz.config import ModelConfig
from vitviz.live.error import JobError, why
from vitviz.live.files import JOB, LIVE, TRAINING, WORKER, read_json, write_json
from vitviz.live.job import Job, at_work, read
from vitviz.live.lock import Lock
from vitviz.runs import RunError, RunStore, new_id
from vitviz.runs.atomic import remove_folder
from vitviz.runs.find import find_id
from vitviz.runs.record import check_id


def list_jobs(root: str | Path) -> list[Job]:
    """Every training with a working folder under `root`, the newest first. A finished one has become a run."""
    try:
        folders = [path for path in (Path(root) / LIVE).iterdir() if path.is_dir() and not path.name.startswith(".")]
    except OSError:
        return []
    jobs = [job for folder in folders if (job := read(folder)) is not None]
    return sorted(jobs, key=lambda job: (job.created, job.id), reverse=True)


def queue(root: str | Path) -> list[Job]:
    """The trainings that wait for their turn, the next one first."""
    waiting = [job for job in list_jobs(root) if job.state == "queued"]
    return sorted(waiting, key=lambda job: (job.since, job.id))


def read_job(root: str | Path, id: str) -> Job | None:
    """The training with exactly this id, or of a run with exactly this id, finished ones included; None without."""
    try:
        check_id(id)
    except RunError:
        return None
    root = Path(root)
    job = read(root / LIVE / id)
    if job is not None:
        return job
    job = next((job for job in list_jobs(root) if id in job.planned.values()), None)
    if job is not None:
        return job
    for settings in (root / id / TRAINING / JOB, *sorted(root.glob(f"*/{TRAINING}/{JOB}"))):
        if settings.is_file() and id in (settings.parents[1].name, read_json(settings).get("id")):
            return read(settings.parent)
    return None


def find_job(root: str | Path, given: str) -> Job:
    """The unfinished training that a person means by its id, by that of one of its runs, or by their beginning.

    Raises:
        JobError: there is none, or more than one.
    """
    names: dict[str, Job] = {}
    for job in list_jobs(root):
        names |= {name: job for name in (job.id, *job.planned.values())}
    begins = {names[name].id for name in names if given and name.startswith(given)}
    if given not in names and len(begins) == 1:
        return next(job for name, job in names.items() if job.id in begins)
    try:
        return names[find_id(given, names, where=str(Path(root) / LIVE))]
    except RunError as error:
        if given in RunStore(root).ids():
            raise JobError(f"The run {given} is complete, and no training of it is at work.") from error
        raise JobError(str(error).replace("There is no run", "There is no training of a run")) from error


def label(models: Sequence[ModelConfig], preset: str | None) -> str:
    """What a training of these models is called within its id, such as `tuned-p4-both8` or `tuned-p4-vit`."""
    name = new_id(models[-1], preset, datetime.fromtimestamp(0)).split("-", 2)[2]
    return name.replace("fast", "both") if len(models) == 2 else name


def create(root: str | Path, label: str, arguments: Sequence[str], when: datetime, title: str | None = None) -> Path:
    """Makes the working folder of a new training, with an id such as `20261123-142501-tuned-p4-both8`.

    Raises:
        JobError: it cannot be made, because of a full disk or a missing permission.
    """
    root, wanted = Path(root), f"{when:%Y%m%d-%H%M%S}-{label}"
    check_id(wanted)
    try:
        with Lock(root / LIVE / "lock"):
            jobs = list_jobs(root)
            for job in jobs:
                # killed while it cleared up: its runs are there. One that is clearing up still needs it
                if job.state == "finished" and not at_work(job.folder, job.settings, read_json(job.folder / WORKER)):
                    remove_folder(job.folder)
            taken = set(RunStore(root).ids()) | {job.id for job in jobs}
            id, number = wanted, 1
            while id in taken:
                number += 1
                id = f"{wanted}-{number}"
            folder = root / LIVE / id
            folder.mkdir()
            settings = {"id": id, "created": when.isoformat(), "arguments": list(arguments), "title": title}
            write_json(folder / JOB, settings)
    except OSError as error:
        raise JobError(f"No training can work in {root}: {why(error)}. Name another folder with --runs-dir.") from error
    return folder


def plan_runs(folder: Path, wanted: dict[str, str]) -> dict[str, str]:
    """Ids for the runs that a training will save, by kind: as wanted where they are free. Raises `OSError`."""
    root = folder.parents[1]
    with Lock(root / LIVE / "lock"):
        taken = set(RunStore(root).ids())
        for job in list_jobs(root):
            taken |= set() if job.folder == folder else {job.id, *job.planned.values()}
        planned = {}
        for kind, id in wanted.items():
            free, number = id, 1
            while free in taken:
                number += 1
                free = f"{id}-{number}"
            taken.add(free)
            planned[kind] = free
        write_json(folder / JOB, read_json(folder / JOB) | {"runs": planned})
    return planned


def remove_empty(root: Path) -> None:
    """Takes the folder of working folders away when nothing is in it."""
    with contextlib.suppress(OSError):
        os.rmdir(root / LIVE)
