"""Train: a small pair of one's own, in a process of its own, followed from here."""

from __future__ import annotations

import dataclasses
import html

import streamlit as st

from vitviz.config import PRESETS, ConfigError
from vitviz.live import Job
from vitviz.runs import RunError, RunRecord, Runs, RunStore
from vitviz.ui import estimate, trainings
from vitviz.ui.catalogue import TITLES, catalogue, runs_dir, zoo_dir
from vitviz.ui.pictures import SAMPLE
from vitviz.ui.training_form import arguments_for, best_dataset, pictures_in

PATCH_SIZES = [2, 4, 5, 7, 14]
MAPS = [1, 2, 4, 8, 16]
LIMITS = {"1,000": 1000, "3,000": 3000, "10,000": 10000, "all": None}
NOTES = {name: preset.note for name, preset in PRESETS.items()}


def show() -> None:
    """The whole page."""
    st.html(
        '<div class="vv-title"><h2>Train a pair</h2><p>A ViT and a fast ViT, alike in everything but the TokenLearner, '
        "trained by turns on the same pictures with the same seed. It goes on when you close this page.</p></div>"
    )
    form, now = st.columns((0.42, 0.58), gap="large")
    with form, st.container(key="train-form", border=True):
        _form()
    with now, st.container(key="train-now", border=True):
        _now()


def _form() -> None:
    preset = st.segmented_control(
        "Preset", list(PRESETS), default="tuned", required=True, key="preset", bind="query-params"
    )
    st.caption(NOTES[preset])
    sets = ["fashion_mnist", SAMPLE]
    dataset = st.selectbox(
        "Pictures", sets, index=sets.index(best_dataset()), format_func=TITLES.get, key="dataset", bind="query-params"
    )
    left, right = st.columns(2, gap="medium")
    patch = left.select_slider("Patch size", PATCH_SIZES, value=7, key="train_patch_size", bind="query-params")
    maps = right.select_slider("n_maps", MAPS, value=4, key="train_n_maps", bind="query-params")
    limit = left.select_slider("Training pictures", list(LIMITS), value="3,000", key="limit", bind="query-params")
    epochs = right.slider("Epochs", 1, 30, 3, key="epochs", bind="query-params")
    try:
        vit = dataclasses.replace(PRESETS[preset].model, patch_size=patch)
        models = [vit, vit.fast(maps)]
    except ConfigError as error:
        st.warning(str(error))
        return
    train = dataclasses.replace(PRESETS[preset].train, dataset=dataset, epochs=epochs, limit=LIMITS[limit])
    known = [run for family in catalogue().families.values() for run in family.runs]
    duration = estimate.seconds(models, train, pictures_in(dataset, vit.classes), known)
    st.html(f'<p class="vv-note">Judged by earlier runs: {html.escape(estimate.in_words(duration))}.</p>')
    title = f"{preset} pair, patch size {patch}, {maps} maps"
    arguments = arguments_for(
        preset=preset, patch_size=patch, n_maps=maps, epochs=epochs, limit=LIMITS[limit], dataset=dataset
    )
    trainings.start_button("Train", title, arguments, width="stretch")


def _now() -> None:
    if trainings.at_work():
        trainings.follow()
        return
    job = trainings.latest()
    if job is None:
        st.html('<p class="vv-reason">No training has been started here yet.</p>')
    else:
        _ended(job)


def _ended(job: Job) -> None:
    reason = f"<p>{html.escape(job.reason)}</p>" if job.reason and job.state != "finished" else ""
    st.html(f'<div class="vv-head"><h3>{html.escape(job.title)}: {job.state}</h3>{reason}</div>')
    runs = Runs(RunStore(runs_dir()), RunStore(zoo_dir(), read_only=True))
    records = []
    for id in job.runs:
        try:
            records.append(runs.load(id))
        except RunError as error:
            st.warning(str(error))
    if not records:
        return
    with st.container(key="comparison"):
        st.dataframe(_comparison(records), hide_index=True)
    if job.pair:
        st.html(
            f'<p class="vv-note">A step of the fast ViT took {job.pair["ratio"]:.1%} of the time of the ViT\'s.</p>'
        )
    _link_to(records)


def _link_to(records: list[RunRecord]) -> None:
    families = catalogue().families.values()
    family = next((family for family in families if records[0].id in {run.id for run in family.runs}), None)
    if family is None:  # a stopped training: its models are not compared with complete ones
        return
    query = {
        "models": family.key,
        "patch_size": str(records[0].model.patch_size),
        "runs": "~".join(record.id for record in records),
    }
    maps = next((record.model.n_maps for record in records if record.model.n_maps is not None), None)
    if maps is not None:
        query["n_maps"] = str(maps)
    st.page_link(
        st.session_state["_explore"], label="Look inside them", icon=":material/visibility:", query_params=query
    )


def _comparison(records: list[RunRecord]) -> list[dict[str, str]]:
    rows = [
        ("test accuracy", lambda run: f"{run.metrics['test']['accuracy']:.1%}"),
        ("test loss", lambda run: f"{run.metrics['test']['loss']:.3f}"),
        ("parameters", lambda run: f"{run.operations['params']:,}"),
        ("operations per picture", lambda run: f"{run.operations['macs'] / 1e6:.2f} M"),
        ("one step, median", lambda run: f"{run.timing['step_ms']['median']:.1f} ms"),
        ("training, steps alone", lambda run: f"{run.timing['train_seconds']:.1f} s"),
    ]
    names = ["ViT" if run.model.n_maps is None else "fast ViT" for run in records]
    return [{"": title} | {name: value(run) for name, run in zip(names, records, strict=True)} for title, value in rows]
