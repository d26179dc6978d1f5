"""A training that is offered on the Explore page: the button that starts it, and its bar, which moves by itself."""

from __future__ import annotations

import streamlit as st

from vitviz import live
from vitviz.live import JobError
from vitviz.ui.catalogue import runs_dir
from vitviz.ui.race import actions, watch
from vitviz.ui.race.words import doing

at_work = watch.at_work


def start_button(label: str, arguments: list[str], *, title: str | None = None) -> None:
    """A button that starts the training, pressed once; while one is at work it rests."""
    if st.button(
        label, type="primary", key="start-training", icon=":material/play_arrow:", disabled=at_work() is not None
    ):
        try:
            live.start(runs_dir(), arguments, title=title, label="explore")
        except JobError as error:
            st.error(str(error))
            return
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
        st.progress(min(job.share, 1.0), text=f"{job.title}: {doing(job)}")
        st.button("Stop", key="stop-training", on_click=actions.stop, args=(job,), disabled=job.stopping,
                  icon=":material/stop_circle:")  # fmt: skip
