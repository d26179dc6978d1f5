"""The other trainings that are at work or wait: seen by everybody, each can be stopped or taken out."""

from __future__ import annotations

import html

import streamlit as st

from vitviz import live
from vitviz.live import Job
from vitviz.ui.catalogue import runs_dir
from vitviz.ui.race import actions, watch
from vitviz.ui.race.words import doing, state


def queue(shown: str | None) -> None:
    """A row for each training that has not ended, but the one that is `shown` on the stage; in the order of turns."""
    at_work = {job.id for job in live.list_jobs(runs_dir()) if not job.ended}
    # one alone that is shown is watched by the lanes of its stage, which notice what changes: see `race.look`
    every = None if at_work == {shown} else watch.LOOK_AGAIN
    st.fragment(_draw, run_every=every, key="watch")(watch.signature(), shown)


def _draw(before: tuple, shown: str | None) -> None:
    if watch.signature() != before or st.session_state.pop("redraw", False):
        st.rerun()  # a training has come, gone or changed its state
    jobs = [job for job in live.list_jobs(runs_dir()) if not job.ended]
    order = sorted(jobs, key=lambda job: (job.state == "queued", job.since, job.id))
    rows = [(job, number) for number, job in enumerate(order) if job.id != shown]
    if not rows:
        return
    with st.container(key="queue", border=True):
        st.html('<div class="vv-head"><h3>Next</h3><p>One training is at work at a time.</p></div>')
        for job, ahead in rows:
            _row(job, ahead)


def _row(job: Job, ahead: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"queued-{job.id}"):
        st.html(
            f'<p class="vv-row-title"><b>{html.escape(job.title)}</b> <span class="vv-state" data-state="{state(job)}">'
            f"{state(job)}</span> {html.escape(doing(job, ahead))}</p>",
            width="stretch",
        )
        st.button("Show", key=f"show-{job.id}", type="tertiary", on_click=_show, args=(job.id,))
        if job.state == "queued":
            st.button("Take out", key=f"take-out-{job.id}", on_click=actions.take_out, args=(job,))
        else:
            st.button("Stop", key=f"stop-{job.id}", on_click=actions.stop, args=(job,), disabled=job.stopping)


def _show(id: str) -> None:
    watch.follow(id)
    st.session_state["redraw"] = True
