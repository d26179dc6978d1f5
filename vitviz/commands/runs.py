"""`runs`: what has been trained, and what is on its way."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from vitviz.commands.progress import Progress

if TYPE_CHECKING:
    from vitviz.live import Job


def add(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Adds the command's options."""
    return commands.add_parser("runs", help="list the trained models, and trainings on their way")


def run(options: argparse.Namespace, progress: Progress) -> dict:
    """Prints a line per training on its way and per run, newest first, and names the damaged ones."""
    from vitviz.live import list_jobs
    from vitviz.runs import Runs, RunStore

    jobs = [job for job in list_jobs(options.runs_dir) if job.state != "finished"]
    for job in jobs:
        progress.say(f"{job.id:<44}{_state(job)}")
    if jobs:
        progress.say()
    records, damaged = Runs(RunStore(options.runs_dir)).scan()
    if records:
        progress.say(f"{'id':<44}{'data set':<20}{'epochs':>7}{'test accuracy':>15}{'ms a step':>11}")
    for record in records:
        accuracy = record.metrics.get("test", {}).get("accuracy", float("nan"))
        step = record.timing.get("step_ms", {}).get("median", float("nan"))
        epochs = record.status["epochs_done"]
        progress.say(f"{record.id:<44}{record.train.dataset:<20}{epochs:>7}{accuracy:>15.4f}{step:>11.2f}")
    for id, reason in damaged.items():
        progress.say(f"{id:<44}damaged: {reason}")
    if not records and not damaged and not jobs:
        progress.say(f"No runs in {options.runs_dir} yet: python -m vitviz train makes one.")
    listed = [
        {"id": r.id, "model": r.model.kind, "preset": r.preset, "dataset": r.train.dataset, "pair": r.pair,
         "state": r.status["state"], "epochs": r.status["epochs_done"], "created": r.created.isoformat(),
         "test": r.metrics.get("test")}
        for r in records
    ]  # fmt: skip
    return {"runs": listed, "damaged": damaged, "live": [_as_object(job) for job in jobs]}


def _state(job: Job) -> str:
    if job.state == "queued":
        return "queued: waits for its turn"
    if job.state != "running":
        return f"{job.state}: {job.reason}"
    left = "" if job.seconds_left is None else f", about {job.seconds_left:.0f} s left"
    return f"{'stopping' if job.stopping else 'running'}: {job.stage}, {job.share:.0%}{left}"


def _as_object(job: Job) -> dict:
    """A training, fit for JSON."""
    return {
        "id": job.id, "state": job.state, "stage": job.stage, "reason": job.reason, "stopping": job.stopping,
        "share": job.share, "seconds_left": job.seconds_left, "created": job.created.isoformat(), "runs": job.runs,
        "epochs": {kind: values["epochs_done"] for kind, values in job.progress.get("models", {}).items()},
        "command": job.command, "warnings": job.warnings,
    }  # fmt: skip
