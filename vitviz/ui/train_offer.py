"""Offering, on the Explore page, to train what is not there."""

from __future__ import annotations

import dataclasses
import html

import streamlit as st

from vitviz.config import PRESETS
from vitviz.ui import estimate, trainings
from vitviz.ui.catalogue import Catalogue, Family
from vitviz.ui.training_form import arguments_for, best_dataset, pictures_in

QUICK = {"preset": "tuned", "patch_size": 7, "n_maps": 4, "epochs": 3, "limit": 3000}


def nothing_yet(found: Catalogue) -> None:
    """The Explore page of a project without a single model."""
    with st.container(key="nothing-yet", border=True):
        st.html(
            '<div class="vv-empty"><h2>Nothing to look into yet</h2><p>Explore shows what happens inside trained '
            "models, and there are none here. Train a small pair now: a ViT and a fast ViT, patches of 7×7 pixels, 4 "
            "maps, three rounds over 3,000 real pictures. It takes about a minute, and this page opens by itself when "
            "they are ready.</p></div>"
        )
        trainings.start_button(
            "Train a small pair", "A first small pair", arguments_for(**QUICK, dataset=best_dataset())
        )
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
        duration = estimate.in_words(_seconds(family, patch, maps, what))
        trainings.start_button(f"Train the {name}", f"{name}, patch size {patch}", arguments)
        st.html(f'<p class="vv-note">Not trained yet. Like the others: {duration}.</p>', width="stretch")


def _how_the_last_one_ended() -> None:
    job = trainings.latest()
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
    extra = {
        "batch-size": run.train.batch_size,
        "learning-rate": run.train.learning_rate,
        "seed": run.train.seed,
        "classes": run.model.classes,
    }
    return arguments_for(
        preset=run.preset,
        patch_size=patch,
        n_maps=maps,
        epochs=run.train.epochs,
        limit=run.train.limit,
        dataset=run.train.dataset,
        model=what,
        **{name.replace("-", "_"): value for name, value in extra.items()},
    )


def _seconds(family: Family, patch: int, maps: int | None, what: str) -> float | None:
    vit = dataclasses.replace(family.example.model.plain(), patch_size=patch)
    models = [vit] if what in ("vit", "both") else []
    if maps is not None and what in ("fast", "both"):
        models.append(vit.fast(maps))
    train = family.example.train
    return estimate.seconds(models, train, pictures_in(train.dataset, family.example.model.classes), family.runs)
