"""A training that is started on the Explore page: the button, its bar, which moves by itself, and how it ended."""

from __future__ import annotations

import html
from collections.abc import Collection

import streamlit as st

from vitviz import live
from vitviz.live import Job, JobError
from vitviz.ui import controls
from vitviz.ui.catalogue import runs_dir
from vitviz.ui.race import actions, watch
from vitviz.ui.race.after import explore_query, records_of
from vitviz.ui.race.measuring import MEASURING
from vitviz.ui.race.words import doing

at_work = watch.at_work
STARTED = "started_on_explore"  # the session's key for the training that this visitor started here


def start_button(label: str, arguments: list[str], *, title: str | None = None) -> None:
    """A button that starts the training, pressed once; while one is at work it rests."""
    if st.button(
        label, type="primary", key="start-training", icon=":material/play_arrow:", disabled=at_work() is not None
    ):
        MEASURING.call_off()
        try:
            job = live.start(runs_dir(), arguments, title=title, label="explore")
        except JobError as error:
            st.error(str(error))
            return
        st.session_state[STARTED] = job.id
        st.rerun()


def follow() -> None:
    """The bar of the training at work, which moves by itself; when it ends, the whole page is drawn anew."""
    st.fragment(_follow, run_every=0.7, key="follow-training")()


def started() -> Job | None:
    """The training that this visitor started here and has not closed."""
    id = st.session_state.get(STARTED)
    return live.read_job(runs_dir(), id) if id else None


def outcome(shown: Collection[str]) -> None:
    """How the training that was started here ended, with the way to its models; nothing where it is still at work.

    Args:
        shown: ids of the runs that the page shows. Once they are those of the training, there is no more to say.
    """
    job = started()
    if job is None or not job.ended:
        return
    records, problems = records_of(job)
    if job.state == "finished" and records and {record.id for record in records} <= set(shown):
        _close()
        return
    query = explore_query(records)
    said = f"{job.title} is trained." if job.state == "finished" else f"{job.title}: {job.reason or job.state}"
    with st.container(key="outcome", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<p class="vv-note">{html.escape(" ".join([said, *problems]))}</p>', width="content")
        if query is not None:
            st.button("Show it", key="show-trained", type="primary", icon=":material/visibility:",
                      on_click=controls.go_to, args=(query,))  # fmt: skip
        st.page_link(st.session_state["_train"], label="On the Train page", query_params={"race": job.id})
        st.button("Close", key="close-outcome", type="tertiary", icon=":material/close:", on_click=_close)


def _close() -> None:
    st.session_state.pop(STARTED, None)


def _follow() -> None:
    job = at_work()
    if job is None:
        st.rerun()
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="training-now"):
        st.progress(min(job.share, 1.0), text=f"{job.title}: {doing(job)}")
        st.button("Stop", key="stop-training", on_click=actions.stop, args=(job,), disabled=job.stopping,
                  icon=":material/stop_circle:")  # fmt: skip
