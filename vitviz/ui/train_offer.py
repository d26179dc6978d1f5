"""Offering, on the Explore page, to train what is not there."""

from __future__ import annotations

import dataclasses
import html

import streamlit as st

from vitviz import live
from vitviz.config import PRESETS
from vitviz.ui import trainings
from vitviz.ui.catalogue import Catalogue, Family, runs_dir
from vitviz.ui.race.datasets import at_hand
from vitviz.ui.race.measuring import MEASURING
from vitviz.ui.race.settings import Settings
from vitviz.ui.race.words import duration

LOOK_AGAIN = 0.8  # seconds
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


def _how_the_last_one_ended() -> None:
    job = next(iter(live.list_jobs(runs_dir())), None)
    if job is not None and job.reason:
        st.html(f'<p class="vv-note">The last training: {html.escape(job.reason)}</p>')


def train_here(family: Family, patch: int, maps: int | None) -> None:
    """Says which model is missing, and offers to train it: like the rest of its family where a command can do that
    on this computer, and else a small pair of its own.

    It stands in the place of the answer that the missing model would give, so that nothing on the page moves.
    """
    like = _like(family, patch, maps)
    settings = like or _small(family, patch, maps)
    refused = next(iter(settings.refusals().values()), None)
    if refused:
        st.html(f'<p class="vv-note">Not trained yet. {html.escape(refused)}</p>')
        return
    with st.container(key="train-here", horizontal=True, vertical_alignment="center", gap="small"):
        trainings.start_button(f"Train the {_named(settings)} now", [*settings.arguments, *_rate(family, like)])
        _estimate(settings, like is not None)


def _named(settings: Settings) -> str:
    if settings.model == "vit":
        return "ViT"
    count = "1 map" if settings.n_maps == 1 else f"{settings.n_maps} maps"
    return f"{'fast ViT' if settings.model == 'fast' else 'pair'}, {count}"


def _like(family: Family, patch: int, maps: int | None) -> Settings | None:
    """What repeats the family's training for the models that are missing.

    None where no arguments of `train` would, as for the shipped models, which had a teacher; or where the family's
    pictures are not on this computer.
    """
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
        preset=run.preset, model=_lacking(family, patch, maps), dataset=run.train.dataset, classes=run.model.classes,
        patch_size=patch, n_maps=maps, epochs=run.train.epochs, batch_size=run.train.batch_size, seed=run.train.seed,
        limit=run.train.limit,
    )  # fmt: skip
    return None if settings.about().problem else settings


def _lacking(family: Family, patch: int, maps: int | None) -> str:
    pair = family.pair(patch, maps)
    if pair.vit is not None:
        return "fast"
    return "vit" if maps is None or pair.fast is not None else "both"


def _small(family: Family, patch: int, maps: int | None) -> Settings:
    """A pair that is trained in a minute or two, on Fashion-MNIST, with the family's preset."""
    preset = family.example.preset or QUICK.preset
    model = "vit" if maps is None else "both"
    return Settings(preset=preset, model=model, dataset=at_hand(), patch_size=patch, n_maps=maps)


def _rate(family: Family, like: Settings | None) -> list[str]:
    return [] if like is None else ["--learning-rate", str(family.example.train.learning_rate)]


def _estimate(settings: Settings, like: bool) -> None:
    """How long it will take, which a few real steps measure while the visitor looks."""
    known = MEASURING.known(settings.arguments, runs_dir()).known
    st.fragment(_say_estimate, run_every=None if known else LOOK_AGAIN, key="estimate-here")(settings, like, known)


def _say_estimate(settings: Settings, like: bool, known: bool) -> None:
    answer = MEASURING.ask(settings.arguments, runs_dir())
    if answer.known and not known:
        st.rerun()  # nothing moves any more
    if answer.values:
        takes = f"About {duration(answer.values['seconds'])} in all on this computer, by a few real steps."
    else:
        takes = html.escape(answer.reason or "The time is being measured by a few real steps…")
    epochs = "1 epoch" if settings.epochs == 1 else f"{settings.epochs} epochs"
    how = f"{epochs} over {settings.pictures():,} pictures of {settings.about().title}"
    how = f"Like the others: {how}." if like else f"By itself: {how}, and not the training of the models shown here."
    st.html(f'<p class="vv-note">Not trained yet. {takes} {how}</p>', width="stretch")
