"""Which training the page shows, and noticing what others start, stop and finish. All of it is read from files."""

from __future__ import annotations

import streamlit as st

from vitviz import live
from vitviz.live import Job
from vitviz.ui.catalogue import runs_dir

LOOK_AGAIN = 2.0  # seconds
NONE = "none"  # the visitor wants to see none
SEEN = "race_seen"  # the session's key for the training shown last, or NONE


def followed() -> Job | None:
    """The training that the address names; or else the one at work; or the one that this visitor saw last.

    It goes into the address, so that it stays on the page when it is finished, and after a refresh. It is remembered,
    too: a link from this page to another leaves an address without it in the browser's history (Streamlit puts the
    link's query under the old page first), and that is where Back leads.
    """
    wanted = st.query_params.get("race")
    if wanted == NONE:
        return None
    job = _read(wanted) or at_work() or _read(st.session_state.get(SEEN))
    job = job or next(iter(live.list_jobs(runs_dir())), None)
    if job is not None:
        follow(job.id)
    elif wanted:
        forget()
    return job


def _read(id: str | None) -> Job | None:
    return live.read_job(runs_dir(), id) if id and id != NONE else None


def follow(id: str) -> None:
    """Shows this training from now on; `NONE` shows none."""
    st.session_state[SEEN] = id
    if st.query_params.get("race") != id:
        st.query_params["race"] = id


def forget() -> None:
    """The training that was shown is not there any more."""
    st.session_state.pop(SEEN, None)
    st.query_params.pop("race", None)


def at_work() -> Job | None:
    """The training that runs, or else the one that is next, whoever started it."""
    jobs = [job for job in live.list_jobs(runs_dir()) if not job.ended]
    running = next((job for job in jobs if job.state == "running"), None)
    return running or next(iter(live.queue(runs_dir())), None)


def signature() -> tuple:
    """What the page around a race depends on."""
    return tuple((job.id, job.state, job.stopping) for job in live.list_jobs(runs_dir()))
