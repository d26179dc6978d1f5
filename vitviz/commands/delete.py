"""`delete`: remove a run, or a training that has ended."""

from __future__ import annotations

import argparse
import sys

from vitviz.commands.progress import Progress


def add(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Adds the command's options."""
    parser = commands.add_parser("delete", help="remove a run, or what is left of a training that has ended")
    parser.add_argument("run_id", metavar="RUN", help="the whole id of a run or of a training")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    return parser


def run(options: argparse.Namespace, progress: Progress) -> dict:
    """Asks, and removes. A stopped run goes together with the checkpoints that could have continued it.

    Raises:
        ValueError: there is nothing of that id, it is at work, or nobody said yes.
    """
    from vitviz.live import JobError, delete, read_job
    from vitviz.runs import RunStore

    store, id = RunStore(options.runs_dir), options.run_id
    job = read_job(options.runs_dir, id)
    if job is not None and not job.ended:
        raise JobError(f"The training {job.id} is {job.state}: stop it first (python -m vitviz stop {job.id}).")
    runs = [id] if id in store.ids() else []
    others = set() if job is None else set(job.runs) & set(store.ids()) - {id}
    working = job is not None and job.state != "finished" and (id == job.id or not others)
    if not runs and not working:
        store.delete(id)  # says that there is none
    if not options.yes and not _agreed(f"Delete {id} for good?"):
        raise ValueError(f"{id} was not deleted: say yes, or give --yes.")
    if runs:
        store.delete(id)
    if working:
        delete(job)
    progress.say(f"{id} is deleted.")
    return {"deleted": id}


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
