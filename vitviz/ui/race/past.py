"""What was trained before: a row for each training, the newest first."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import streamlit as st

from vitviz import live
from vitviz.figures.palette import model_colour
from vitviz.live import Job
from vitviz.live.title import title_of
from vitviz.runs import RunError, RunRecord, RunStore
from vitviz.ui.catalogue import runs_dir
from vitviz.ui.race import watch
from vitviz.ui.race.after import explore_query
from vitviz.ui.race.words import LABELS, clock

FEW = 8


@dataclass(frozen=True)
class Row:
    """One training. `job` is None for a run that came from elsewhere, with no records of its training."""

    id: str
    created: datetime
    title: str
    about: str
    state: str
    records: tuple[RunRecord, ...]
    job: str | None


def past(shown: str | None) -> None:
    """The list. The training that is on the stage is marked."""
    rows, damaged = _rows(runs_dir())
    if not rows and not damaged:
        return
    with st.container(key="past", border=True):
        st.html('<div class="vv-head"><h3>Earlier trainings</h3></div>')
        everything = len(rows) <= FEW or st.session_state.get("past_all", False)
        for row in rows if everything else rows[:FEW]:
            _row(row, row.job is not None and row.job == shown)
        if len(rows) > FEW:
            st.toggle(f"Show all {len(rows)}", key="past_all")
        for id, reason in damaged.items():
            st.html(f'<p class="vv-note"><b>{html.escape(id)}</b> cannot be used: {html.escape(reason)}</p>')


def _row(row: Row, shown: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"past-{row.id}"):
        st.html(_as_html(row), width="stretch")
        if row.job is not None:
            st.button("Shown" if shown else "Show", key=f"open-{row.id}", type="tertiary", disabled=shown,
                      on_click=watch.follow, args=(row.job,))  # fmt: skip
            return
        query = explore_query(list(row.records))
        if query is not None:
            st.page_link(st.session_state["_explore"], label="Explore", query_params=query)


def _as_html(row: Row) -> str:
    scores = "".join(
        f'<span class="vv-label" style="--model:{model_colour(run.model.kind)}" title="{LABELS[run.model.kind]}: '
        f'test accuracy, seconds of its steps">{run.metrics["test"]["accuracy"]:.1%} · '
        f"{clock(run.timing['train_seconds'])}</span>"
        for run in row.records
        if "test" in run.metrics
    )
    mark = "" if row.state == "finished" else f'<span class="vv-state" data-state="{row.state}">{row.state}</span>'
    return (
        f'<div class="vv-past"><time>{row.created.astimezone():%d %b %H:%M}</time><div><b>{html.escape(row.title)}</b> '
        f"{mark}<p>{html.escape(row.about)}</p></div><div>{scores}</div></div>"
    )


def _rows(root: Path) -> tuple[list[Row], dict[str, str]]:
    complete, damaged = _of_all_runs(root, _stamp(root))
    jobs = live.list_jobs(root)
    taken = {id for job in jobs for id in (*job.runs, *job.planned.values())}
    rows = [row for row in complete if not taken & {run.id for run in row.records}]
    of_runs = {run.id: run for row in complete for run in row.records}
    rows += [_of_job(job, tuple(of_runs[id] for id in job.runs if id in of_runs)) for job in jobs if job.ended]
    return sorted(rows, key=lambda row: (row.created, row.id), reverse=True), damaged


def _pairs(records: list[RunRecord]) -> list[tuple[RunRecord, RunRecord | None]]:
    by_id, found = {record.id: record for record in records}, []
    for record in records:
        if by_id.pop(record.id, None) is not None:
            found.append((record, by_id.pop(record.pair or "", None)))
    return found


def _of_job(job: Job, records: tuple[RunRecord, ...]) -> Row:
    about = _about(job.train.dataset, job.train.epochs, job.train.limit) if job.train else job.reason or ""
    return Row(job.id, job.created, job.title, about, job.state, records, job.id)


def _of_runs(records: tuple[RunRecord, ...], root: Path) -> Row:
    run = records[0]
    job = live.read_job(root, run.id)
    title = job.title if job else title_of([], {each.model.kind: each.model for each in records}, run.preset or "own")
    about = _about(run.train.dataset, run.train.epochs, run.train.limit)
    return Row(run.id, run.created, title, about, run.status["state"], records, None if job is None else job.id)


def _about(dataset: str, epochs: int, limit: int | None) -> str:
    pictures = "" if limit is None else f", {limit:,} pictures"
    return f"{dataset}{pictures}, {epochs} epoch{'s' if epochs > 1 else ''}"


@lru_cache(maxsize=2)
def _of_all_runs(root: Path, stamp: tuple) -> tuple[list[Row], dict[str, str]]:
    """Read again only when a run has come, gone or changed."""
    try:
        records, damaged = RunStore(root).scan()
    except RunError as error:
        return [], {str(root): str(error)}
    rows = []
    for record, other in _pairs(records):
        both = [run for run in (record, other) if run is not None]
        rows.append(_of_runs(tuple(sorted(both, key=lambda run: run.model.kind, reverse=True)), root))
    return rows, damaged


def _stamp(root: Path) -> tuple:
    """Changes when a run appears or disappears; runs are written whole, by a rename."""
    try:
        with os.scandir(root) as entries:
            return tuple(sorted((entry.name, entry.stat().st_mtime_ns) for entry in entries
                                if not entry.name.startswith(".")))  # fmt: skip
    except OSError:
        return ()
