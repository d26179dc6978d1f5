"""`stop`: ask a training to stop; it keeps what is complete."""

from __future__ import annotations

import argparse
import time

from vitviz.commands.progress import Progress

PAUSE = 0.1  # seconds between two looks


def add(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Adds the command's options."""
    parser = commands.add_parser("stop", help="stop a training; its complete epochs are kept")
    parser.add_argument("run_id", metavar="RUN", help="the id of a training or of one of its runs, or its beginning")
    parser.add_argument("--wait", type=float, default=60.0, metavar="S", help="seconds to wait for its end (60)")
    return parser


def run(options: argparse.Namespace, progress: Progress) -> dict:
    """Asks, waits for the end, and says what is kept.

    Raises:
        JobError: there is no such training, it is not at work, or it has not stopped in time.
    """
    from vitviz.live import JobError, find_job, read_job, request_stop

    job = find_job(options.runs_dir, options.run_id)
    request_stop(job)
    end = time.monotonic() + options.wait
    while job is not None and not job.ended:
        if time.monotonic() > end:
            raise JobError(f"The training {job.id} was asked to stop and is still busy ({job.stage or job.state}).")
        progress.bar(0, f"{job.id} is stopping")
        time.sleep(PAUSE)
        job = read_job(options.runs_dir, job.id)
    if job is None:  # stopped before it had anything to keep, and told so where it was started
        return {"id": options.run_id, "state": "stopped", "runs": [], "reason": None}
    progress.say(f"{job.id}: {job.state}. {job.reason or ''}".strip())
    return {"id": job.id, "state": job.state, "runs": job.runs, "reason": job.reason}
