"""The training that a visitor follows: its bar, its Stop button, and what starts one. It runs by itself."""

from __future__ import annotations

import streamlit as st

from vitviz import live
from vitviz.live import Job, JobError
from vitviz.runs import RunStore
from vitviz.ui.catalogue import runs_dir

STAGES = {"loading": "loading pictures", "compile": "compiling", "evaluate": "evaluating", "save": "saving"}


def latest() -> Job | None:
    """The training that this visitor started last, or else the newest one here, finished or not."""
    id = st.session_state.get("job")
    mine = live.read_job(runs_dir(), id) if id else None
    return mine or next(iter(live.list_jobs(runs_dir())), None) or _of_the_newest_run()


def _of_the_newest_run() -> Job | None:
    """A training that has finished is kept with its runs."""
    newest = next(iter(RunStore(runs_dir()).list()), None)
    return None if newest is None else live.read_job(runs_dir(), newest.id)


def at_work() -> Job | None:
    """A training that is running or waits for its turn, whoever started it."""
    return next((job for job in live.list_jobs(runs_dir()) if not job.ended), None)


def start_button(label: str, title: str, arguments: list[str], **style: object) -> None:
    """A button that starts the training, pressed once; while one is at work it rests."""
    if st.button(
        label,
        type="primary",
        key="start-training",
        icon=":material/play_arrow:",
        disabled=at_work() is not None,
        **style,
    ):
        try:
            job = live.start(runs_dir(), arguments, title=title, label="page")
        except JobError as error:
            st.error(str(error))
            return
        st.session_state["job"] = job.id
        st.rerun()


def follow() -> None:
    """The bar of the training at work, which moves by itself; when it ends, the whole page is drawn anew."""
    st.fragment(_follow, run_every=0.7, key="follow-training")()


def _follow() -> None:
    job = at_work()
    if job is None:
        st.rerun()
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="training-now"):
        st.progress(min(job.share, 1.0), text=f"{job.title}: {in_words(job)}")
        st.button("Stop", key="stop-training", on_click=_stop, args=(job,), disabled=job.stopping,
                  icon=":material/stop_circle:")  # fmt: skip


def in_words(job: Job) -> str:
    """Where a training is, in a few words."""
    if job.stopping:
        return "stopping after this epoch's work is kept"
    if job.state == "queued":
        return "starting" if len(live.queue(runs_dir())) <= 1 else "waiting for its turn"
    if job.stage != "train":
        return STAGES.get(job.stage, "starting")
    left = "" if job.seconds_left is None else f", about {max(1, job.seconds_left):.0f} s left"
    return f"{job.share:.0%} trained{left}"


def _stop(job: Job) -> None:
    try:
        live.request_stop(job)
    except JobError as error:
        st.toast(str(error))
