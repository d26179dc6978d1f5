"""Which training the page shows, and noticing what others start, stop and finish. All of it is read from files."""

from __future__ import annotations

import streamlit as st

from vitviz import live
from vitviz.live import Job
from vitviz.ui.catalogue import runs_dir

LOOK_AGAIN = 2.0  # seconds
NONE = "none"  # the visitor wants to see none


def followed() -> Job | None:
    """The training that the address names; or else the one at work; or else one that has ended without a run.

    It goes into the address, so that it stays on the page when it is finished, and after a refresh.
    """
    wanted = st.query_params.get("race")
    if wanted == NONE:
        return None
    job = live.read_job(runs_dir(), wanted) if wanted else None
    if job is None:
        job = at_work() or next(iter(live.list_jobs(runs_dir())), None)
        if job is not None:
            follow(job.id)
        elif wanted:
            st.query_params.pop("race", None)
    return job


def follow(id: str) -> None:
    """Shows this training from now on; `NONE` shows none."""
    st.query_params["race"] = id


def at_work() -> Job | None:
    """The training that runs, or else the one that is next, whoever started it."""
    jobs = [job for job in live.list_jobs(runs_dir()) if not job.ended]
    running = next((job for job in jobs if job.state == "running"), None)
    return running or next(iter(live.queue(runs_dir())), None)


def signature() -> tuple:
    """What the page around a race depends on."""
    return tuple((job.id, job.state, job.stopping) for job in live.list_jobs(runs_dir()))

