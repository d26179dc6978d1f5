"""Who is ahead, who won, the two models side by side, and where to go from here."""

from __future__ import annotations

import html

import streamlit as st

from vitviz.live import Job
from vitviz.runs import RunError, RunRecord, Runs, RunStore
from vitviz.ui.catalogue import catalogue, runs_dir, zoo_dir
from vitviz.ui.race.lanes import kinds_of
from vitviz.ui.race.table import table
from vitviz.ui.race.words import LABELS, clock


def verdict(job: Job) -> str:
    """Who was done first, and by how much, in a sentence."""
    times = {kind: job.of(kind).get("clock", 0.0) for kind in kinds_of(job)}
    if len(times) == 1:
        return f"Trained in <b>{clock(*times.values())}</b> of its own clock."
    if not all(times.values()):
        return ""
    ratio = times["fast"] / times["vit"]
    if ratio < 0.98:
        return f"The fast ViT was done first, in <b>{ratio:.0%}</b> of the ViT's training time."
    if ratio > 1.02:
        return f"Here the ViT was done first: the fast ViT took <b>{ratio:.0%}</b> of its training time."
    return "A dead heat: both took the same time."


def standing(job: Job) -> str:
    """Who is ahead, in a sentence; what they are busy with before the first step."""
    parts = {kind: job.of(kind) for kind in kinds_of(job)}
    if any(part.get("steps_done", 0) == 0 for part in parts.values()):
        return "No clock runs yet: pictures are read and networks compiled first."
    done = {kind: part["steps_done"] / part["steps"] for kind, part in parts.items()}
    if len(done) == 1:
        return f"{next(iter(done.values())):.0%} of all steps are done."
    first, second = sorted(done, key=lambda kind: -done[kind])
    if f"{done[first]:.0%}" == f"{done[second]:.0%}":
        return "Side by side."
    if done[first] == 1:
        return f"The {LABELS[first]} is done: the {LABELS[second]} has <b>{done[second]:.0%}</b> of its steps."
    return f"The {LABELS[first]} is ahead: <b>{done[first]:.0%}</b> against {done[second]:.0%} of all steps."


def records_of(job: Job) -> tuple[list[RunRecord], list[str]]:
    """The runs that it saved, the ViT first; and for each that cannot be read, why not."""
    runs, found, problems = Runs(RunStore(runs_dir()), RunStore(zoo_dir(), read_only=True)), [], []
    for id in job.runs:
        try:
            found.append(runs.load(id))
        except RunError as error:
            problems.append(str(error))
    return sorted(found, key=lambda run: run.model.kind, reverse=True), problems


def links(job: Job) -> None:
    """To Explore, for what a training left; and to the time machine, for a finished one."""
    records, _ = records_of(job)
    query = explore_query(records)
    if query is not None:
        st.page_link(st.session_state["_explore"], label="Open in Explore", icon=":material/visibility:",
                     query_params=query)  # fmt: skip
    time_machine = st.session_state.get("_time_machine")
    if job.state == "finished" and time_machine is not None and records:
        st.page_link(time_machine, label="Time machine", icon=":material/history:",
                     query_params={"run": records[-1].id})  # fmt: skip


def explore_query(records: list[RunRecord]) -> dict[str, str] | None:
    """The address of these runs in Explore; None where it does not show them."""
    families = catalogue().families.values()
    ids = {record.id for record in records}
    family = next((family for family in families if ids and ids <= {run.id for run in family.runs}), None)
    if family is None:
        return None
    runs = "~".join(run.id for run in records)
    query = {"models": family.key, "patch_size": str(records[0].model.patch_size), "runs": runs}
    maps = next((record.model.n_maps for record in records if record.model.n_maps is not None), None)
    return query | ({"n_maps": str(maps)} if maps is not None else {})


def comparison(job: Job) -> None:
    """The runs in a table."""
    records, problems = records_of(job)
    for problem in problems:
        st.html(f'<p class="vv-warning">{html.escape(problem)}</p>')
    if not records:
        return
    rows = {
        "test accuracy": [f"<b>{run.metrics['test']['accuracy']:.1%}</b>" for run in records],
        "test loss": [f"{run.metrics['test']['loss']:.3f}" for run in records],
        "precision / recall": [
            f"{run.metrics['test']['precision']:.1%} / {run.metrics['test']['recall']:.1%}" for run in records
        ],
        "training, steps alone": [f"<b>{run.timing['train_seconds']:.1f} s</b>" for run in records],
        "one step, median": [f"{run.timing['step_ms']['median']:.1f} ms" for run in records],
        "compilation": [f"{run.timing['compile_seconds']:.1f} s" for run in records],
        "operations per picture": [f"{run.operations['macs'] / 1e6:.2f} M" for run in records],
        "parameters": [f"{run.operations['params']:,}" for run in records],
    }
    with st.container(key="comparison"):
        st.html(table([run.model.kind for run in records], rows))
