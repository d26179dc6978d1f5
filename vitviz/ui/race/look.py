"""A look at a training: what the browser that shows it asks for every other second, by a route of our server.

A run of the page, or of a fragment of it, costs the server and the browser a tenth of a second, on the same cores that
train. A look costs a hundredth: the browser moves the lanes by itself, and asks for a run only when there is more to
draw. What watching costs is measured by `python -m bench.race_page`.
"""

from __future__ import annotations

from vitviz import live
from vitviz.live import Job
from vitviz.ui.catalogue import runs_dir
from vitviz.ui.race.after import standing
from vitviz.ui.race.lanes import kinds_of, lanes_data
from vitviz.ui.race.words import state

SOON, LATE = 4.0, 20.0  # seconds between two drawings of the curves
OFTEN = 15  # a curve is drawn again when it has grown by a fifteenth of its length


def look(id: str) -> dict | None:
    """How a training stands now; None where there is none of this id."""
    job = live.read_job(runs_dir(), id)
    return None if job is None else look_at(job)


def look_at(job: Job) -> dict:
    """The data of the lanes; `drawn`, which changes when the rest of the page has something else to say; and `pace`,
    the seconds after which curves are worth drawing again, while the training is at work."""
    clock = sum(job.of(kind).get("clock", 0.0) for kind in kinds_of(job))
    return lanes_data(job, ahead(job)) | {
        "id": job.id, "standing": "" if job.ended else standing(job), "drawn": drawn(job),
        "pace": None if job.ended else min(LATE, max(SOON, clock / OFTEN)),
    }  # fmt: skip


def drawn(job: Job) -> str:
    """What the page around the lanes depends on: the states of all trainings, and what this one has to say."""
    every = [(other.id, other.state, other.stopping) for other in live.list_jobs(runs_dir())]
    return repr((state(job), job.can_continue, job.warnings, every))


def ahead(job: Job) -> int:
    """How many trainings go before one that waits."""
    if job.state != "queued":
        return 0
    jobs = live.list_jobs(runs_dir())
    running = sum(other.state == "running" for other in jobs)
    return running + sum((other.since, other.id) < (job.since, job.id) for other in jobs if other.state == "queued")
