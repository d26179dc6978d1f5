"""Train: configure, see what it will be, and watch the race. A training is a process of its own: see `vitviz.live`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from vitviz.ui import race
from vitviz.ui.race import watch
from vitviz.ui.race.form import form
from vitviz.ui.race.past import past
from vitviz.ui.race.plan import plan
from vitviz.ui.race.queue import queue
from vitviz.ui.race.stage import stage

STYLE = (Path(race.__file__).parent / "race.css").read_text(encoding="utf-8")


def show() -> None:
    """The whole page."""
    st.html(f"<style>{STYLE}</style>")
    job = watch.followed()
    shown = None if job is None else job.id
    if job is not None:
        stage(job)
    queue(shown)
    _next_one(first=job is None)
    past(shown)


def _next_one(first: bool) -> None:
    st.html(
        f'<div class="vv-title"><h2>{"Train" if first else "The next one"}</h2><p>A ViT and a fast ViT, alike in '
        "everything but the TokenLearner, take turns on the same pictures. It goes on if you close this page.</p></div>"
    )
    left, right = st.columns(2, gap="medium")
    with left, st.container(key="train-form", border=True, height="stretch"):
        settings = form()
    with right, st.container(key="train-plan", border=True, height="stretch"):
        plan(settings)
