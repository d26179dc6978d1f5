"""What a visitor does with a training: stop, go on, take out of the queue, delete, start the next one like it."""

from __future__ import annotations

import html
import time

import streamlit as st

from vitviz import live
from vitviz.config import ConfigError
from vitviz.live import Job, JobError
from vitviz.runs import RunError, RunStore
from vitviz.ui.catalogue import runs_dir
from vitviz.ui.race import form, watch
from vitviz.ui.race.measuring import MEASURING
from vitviz.ui.race.settings import from_arguments

PATIENCE = 4.0  # seconds for one that waits to leave the queue


def stop(job: Job) -> None:
    """Asks it to stop; its complete epochs are kept."""
    try:
        live.request_stop(job)
    except JobError as error:
        st.toast(str(error))


def take_out(job: Job) -> None:
    """Out of the queue, and gone: it has nothing to keep."""
    stop(job)
    end = time.monotonic() + PATIENCE
    while (now := live.read_job(runs_dir(), job.id)) is not None and time.monotonic() < end:
        if now.ended:
            if not now.runs and not now.progress.get("share"):  # one that was to go on keeps what it has
                delete(now)
            return
        time.sleep(0.1)


def go_on(job: Job) -> None:
    """Goes on from the last complete epoch."""
    MEASURING.call_off()
    try:
        live.start_again(job)
    except JobError as error:
        st.toast(str(error))
        return
    watch.follow(job.id)


def use_settings(job: Job) -> None:
    """Fills the form, and brings it to the top."""
    try:
        settings, unknown = from_arguments(job.arguments)
    except ConfigError as error:
        st.toast(str(error))
        return
    form.fill(settings)
    watch.follow(watch.NONE)
    if unknown:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in unknown)
        st.toast(f"The form has no {names}: these are left out.")


@st.dialog("Delete this training?")
def ask_to_delete(job: Job) -> None:
    """Says what goes, and asks."""
    runs = _runs_of(job)
    parts = [] if job.state == "finished" else ["its checkpoints and its log"]
    parts += [f"the run {id}" for id in runs]
    gone = html.escape(" and ".join(parts))
    st.html(f'<p class="vv-ask"><b>{html.escape(job.title)}</b>: {gone} will be gone for good.</p>')
    with st.container(horizontal=True, horizontal_alignment="right", key="delete-or-keep"):
        if st.button("Keep it", key="keep-training"):
            st.rerun()
        if st.button("Delete", key="delete-for-good", type="primary", icon=":material/delete:", on_click=delete,
                     args=(job,)):  # fmt: skip
            st.rerun()


def delete(job: Job) -> None:
    """Removes its working folder and the runs that it saved; says so where that cannot be done."""
    runs = _runs_of(job)
    try:
        if job.state != "finished":
            live.delete(job)
        for id in runs:
            RunStore(runs_dir()).delete(id)
    except (JobError, RunError) as error:
        st.toast(str(error))
        return
    watch.forget()


def _runs_of(job: Job) -> list[str]:
    try:
        there = RunStore(runs_dir()).ids()
    except RunError:
        return []
    return [id for id in job.runs if id in there]
