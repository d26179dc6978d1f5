"""A training that is small enough to kill, and waiting for what it does."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from vitviz.live import Job, list_jobs

ROOT = Path(__file__).parents[1]
EPOCHS = 6
# An epoch of it lasts longer than a slice of the race and than the pause between two reports (a quarter of a second
# each): else the middle of an epoch is never seen
SMALL = [
    "--dataset", "fashion_mnist_mini", "--limit", "500", "--patch-size", "14", "--n-maps", "2", "--width", "16",
    "--blocks", "2", "--heads", "2", "--key-dim", "8", "--feed-forward", "16", "--insert-after", "1",
    "--epochs", str(EPOCHS), "--batch-size", "2", "--seed", "3",
]  # fmt: skip
PATIENCE = 120  # seconds: what other people's work on the machine may cost


def until(holds: Callable[[], object], what: str = "it") -> object:
    """Waits for something true, and returns it."""
    end = time.monotonic() + PATIENCE
    while not (value := holds()):
        assert time.monotonic() < end, f"{what} did not come about"
        time.sleep(0.01)
    return value


def only_job(root: Path) -> Job | None:
    """The one training of a folder."""
    return next(iter(list_jobs(root)), None)


def within_an_epoch(root: Path, kept: int = 1) -> Job | None:
    """The training, where each of its models has kept so many epochs and is in the middle of another one."""
    job = only_job(root)
    if job is None or not job.models:
        return None
    for kind in job.models:
        last = job.points(kind)[-1]["epoch"] if job.points(kind) else 0
        if job.epochs_kept(kind) < kept or not kept < last < EPOCHS or last % 1 == 0:
            return None
    return job
