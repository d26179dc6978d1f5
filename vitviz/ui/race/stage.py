"""The stage: one training, while it runs and when it has ended.

The lanes move by looks (`race.look`), which cost next to nothing; curves and pictures are drawn anew less often: the
browser that draws them usually works on the same cores as the training.
"""

from __future__ import annotations

import html

import streamlit as st

from vitviz import live
from vitviz.figures.curves import METRICS
from vitviz.live import Job
from vitviz.ui import frame
from vitviz.ui.catalogue import runs_dir
from vitviz.ui.charts.plot import drawing_of, plot
from vitviz.ui.panels.choice import choice
from vitviz.ui.race import actions, watch
from vitviz.ui.race.after import comparison, links, verdict
from vitviz.ui.race.lanes import lanes
from vitviz.ui.race.live_curves import live_curves, step_times
from vitviz.ui.race.look import drawn, look_at
from vitviz.ui.race.ratio_tile import ratio_tile
from vitviz.ui.race.words import state
from vitviz.ui.time_machine import forming

MARKS = {
    "queued": "schedule", "running": "play_circle", "stopping": "hourglass_top", "finished": "check_circle",
    "stopped": "stop_circle", "failed": "error", "vanished": "help",
}  # fmt: skip


def stage(job: Job) -> None:
    """The whole of it, in a panel."""
    with st.container(key="race", border=True):
        _head(job)
        _verdict(job)
        st.fragment(_live, key="race-now")(job.id, drawn(job))


def _live(id: str, before: str) -> None:
    """What moves: run again when the lanes ask for it."""
    job = live.read_job(runs_dir(), id)
    look = job and look_at(job)
    if not look or look["drawn"] != before:
        st.rerun()  # the rest of the page has something else to say now, too
    lanes(look)
    _figures(job)
    _pictures(job)


def _head(job: Job) -> None:
    now = state(job)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="race-head"):
        st.html(
            f'<div class="vv-head"><h3>{html.escape(job.title)}</h3></div>'
            f'<span class="vv-state" data-state="{now}">{now}</span>',
            width="stretch",
        )
        _buttons(job)


def _verdict(job: Job) -> None:
    lines = []
    if job.ended:
        said = verdict(job) if job.state == "finished" else html.escape(job.reason or "")
        lines = [f'<p class="vv-verdict" data-state="{state(job)}">{said}</p>']
    lines += [f'<p class="vv-warning">{html.escape(warning)}</p>' for warning in job.warnings]
    if lines:
        st.html("".join(lines))


def _buttons(job: Job) -> None:
    if not job.ended:
        st.button("Stop", key="stop-training", icon=":material/stop_circle:", disabled=job.stopping,
                  on_click=actions.stop, args=(job,), help="What is complete is kept, and can go on.")  # fmt: skip
    if job.can_continue:
        st.button("Continue", key="continue-training", icon=":material/play_arrow:", type="primary",
                  on_click=actions.go_on, args=(job,), help=live.continue_command(job))  # fmt: skip
    if job.ended:
        links(job)
        st.button("Use these settings", key="use-settings", icon=":material/edit:", on_click=actions.use_settings,
                  args=(job,), help="Fills the form with them.")  # fmt: skip
        if st.button("Delete", key="delete-training", icon=":material/delete:"):
            actions.ask_to_delete(job)
    _log(job)
    st.button("Close", key="close-race", icon=":material/close:", type="tertiary", on_click=watch.follow,
              args=(watch.NONE,), help="The list below shows it again.")  # fmt: skip


def _log(job: Job) -> None:
    with st.popover("Log", icon=":material/terminal:", key="log"):
        st.caption("The command that started it")
        st.code(job.command, language="bash", wrap_lines=True)
        st.fragment(_tail, key="log-tail")(job)


def _tail(job: Job) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="log-head"):
        st.caption("The end of what it said")
        if not job.ended:
            st.button("Read again", key="read-log", type="tertiary", icon=":material/refresh:")
    st.code(job.log(3000) or "Nothing yet.", language=None, height=240)
    st.download_button("Download the whole log", data=lambda: job.log(100_000_000), on_click="ignore",
                       file_name=f"{job.id}.log.txt", mime="text/plain", icon=":material/download:",
                       key="save-log")  # fmt: skip


def _figures(job: Job) -> None:
    theme = frame.theme()
    losses, scores, times = st.columns((0.37, 0.37, 0.26), gap="medium")
    with losses:
        with st.container(horizontal=True, vertical_alignment="center", key="race-losses"):
            st.html('<h4 class="vv-measure">Loss</h4>', width="stretch")
            over = choice("Over", ["epoch", "seconds"], key="race_clock")
        _chart(live_curves(job, "loss", theme, over), "race-loss", f"Loss of both models over {over}")
    with scores:
        with st.container(horizontal=True, vertical_alignment="center", key="race-scores"):
            metric = st.selectbox(
                "Measure", [name for name in METRICS if name != "loss"], format_func=METRICS.get, key="race_measure",
                label_visibility="collapsed", width=168, bind="query-params",
            )  # fmt: skip
            st.html('<p class="vv-note">solid: validation, dashed: training</p>', width="stretch")
        _chart(live_curves(job, metric, theme, over), "race-score", f"{METRICS[metric]} of both models over {over}")
    with times:
        st.html('<div class="vv-measure-row"><h4 class="vv-measure">Time of a step</h4></div>')
        figure = step_times(job, theme)
        if figure is None:
            st.html('<div class="vv-waiting">Measured from the first step on.</div>')
        else:
            _chart(figure, "race-steps", "Milliseconds per step of each model")
        st.html(ratio_tile(job))


def _chart(figure, key: str, alt: str) -> None:
    plot(drawing_of(figure), key=key, alt=alt, name=f"vitviz-{key}")


def _pictures(job: Job) -> None:
    """While it works, what the models see now; afterwards both side by side: the time machine has the pictures."""
    with st.container(key="race-below"):
        if job.ended:
            comparison(job)
        else:
            forming(job, frame.theme())
