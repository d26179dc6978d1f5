"""Offering, on the Explore page, to train what is not there."""

from __future__ import annotations

import dataclasses
import html

import streamlit as st

from vitviz import live
from vitviz.config import PRESETS
from vitviz.runs import RunRecord
from vitviz.ui import trainings
from vitviz.ui.catalogue import Catalogue, Family, runs_dir
from vitviz.ui.race.datasets import at_hand
from vitviz.ui.race.settings import Settings
from vitviz.ui.race.words import duration

QUICK = Settings(preset="tuned", patch_size=7, n_maps=4, epochs=3, limit=3000)


def nothing_yet(found: Catalogue) -> None:
    """The Explore page of a project without a single model."""
    with st.container(key="nothing-yet", border=True):
        st.html(
            '<div class="vv-empty"><h2>Nothing to look into yet</h2><p>Explore shows what happens inside trained '
            "models, and there are none here. Train a small pair now: a ViT and a fast ViT, patches of 7×7 pixels, 4 "
            "maps, three rounds over 3,000 real pictures. It takes about a minute, and this page opens by itself when "
            "they are ready.</p></div>"
        )
        settings = dataclasses.replace(QUICK, dataset=at_hand())
        trainings.start_button("Train a small pair", settings.arguments, title="A first small pair")
        if trainings.at_work():
            trainings.follow()
        else:
            _how_the_last_one_ended()
        for id, reason in found.damaged.items():
            st.html(f'<p class="vv-note"><b>{html.escape(id)}</b> cannot be used: {html.escape(reason)}</p>')


def train_here(family: Family, patch: int, maps: int | None) -> None:
    """Says which model is missing, and offers to train it as the rest of its family was trained.

    It stands in the place of the answer that the missing model would give, so that nothing on the page moves.
    """
    if trainings.at_work():
        trainings.follow()
        return
    pair = family.pair(patch, maps)
    what = "fast" if pair.vit is not None else ("both" if maps is not None and pair.fast is None else "vit")
    name = {"fast": f"fast ViT, {maps} maps", "vit": "ViT", "both": f"pair, {maps} maps"}[what]
    arguments = _like(family, patch, maps, what)
    with st.container(key="train-here", horizontal=True, vertical_alignment="center", gap="small"):
        if arguments is None:
            st.html('<p class="vv-note">Not trained yet; only the command line has these settings.</p>')
            return
        trainings.start_button(f"Train the {name}", arguments)
        st.html(f'<p class="vv-note">Not trained yet. {_like_the_others(family, patch)}</p>', width="stretch")


def _how_the_last_one_ended() -> None:
    job = next(iter(live.list_jobs(runs_dir())), None)
    if job is not None and job.reason:
        st.html(f'<p class="vv-note">The last training: {html.escape(job.reason)}</p>')


def _like(family: Family, patch: int, maps: int | None, what: str) -> list[str] | None:
    """The command's arguments that repeat the family's training, or None where no arguments would."""
    run = family.example
    preset = PRESETS.get(run.preset or "")
    if preset is None or run.train.dataset == "folder":
        return None
    options = ("dataset", "limit", "epochs", "batch_size", "learning_rate", "seed")
    said = {name: getattr(run.train, name) for name in options}
    if dataclasses.replace(preset.train, **said) != run.train:
        return None
    shape = dataclasses.replace(
        preset.model,
        image_size=run.model.image_size,
        channels=run.model.channels,
        classes=run.model.classes,
        patch_size=run.model.patch_size,
    )
    if dataclasses.replace(shape, n_maps=run.model.n_maps) != run.model:
        return None
    settings = Settings(
        preset=run.preset, model=what, dataset=run.train.dataset, classes=run.model.classes, patch_size=patch,
        n_maps=maps, epochs=run.train.epochs, batch_size=run.train.batch_size, seed=run.train.seed,
        limit=run.train.limit,
    )  # fmt: skip
    return [*settings.arguments, "--learning-rate", str(run.train.learning_rate)]


def _like_the_others(family: Family, patch: int) -> str:
    """What a neighbour took: the Train page measures it for these very settings."""

    def distance(run: RunRecord) -> int:
        return abs(run.model.patch_size - patch)

    near = min(family.runs, key=distance)
    took = duration(near.timing["train_seconds"] + near.timing.get("compile_seconds", 0.0))
    kind = "fast ViT" if near.model.n_maps else "ViT"
    return f"The {kind} of patch size {near.model.patch_size} took {took.replace(' s', ' seconds')}."
