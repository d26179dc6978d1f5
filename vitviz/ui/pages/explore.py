"""Explore: one picture, two models, and everything that is inside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vitviz.ui import caches, controls, flow, frame, lacking, picture_chooser, settings, strip, trainings, warm
from vitviz.ui.catalogue import Catalogue, Family, catalogue
from vitviz.ui.components.copy_link import copy_link
from vitviz.ui.components.tour import tour
from vitviz.ui.panels import PANELS, ROWS, Panel, timing
from vitviz.ui.panels import show as show_panel
from vitviz.ui.pictures import OWN, gallery_for
from vitviz.ui.scene import Scene
from vitviz.ui.train_offer import nothing_yet, train_here

SKELETON = {"attention": 660}  # pixels
OTHER_SKELETON = 260
TOUR = (
    (
        ".st-key-image",
        "Choose a picture",
        "From the gallery, by chance, or one of your own: it never leaves this computer.",
    ),
    (
        ".st-key-patch_size",
        "Drag the sliders",
        "Patch size: how finely the picture is cut. n_maps: how many learned "
        "tokens the fast ViT goes on with. Everything below follows at once.",
    ),
    (
        ".st-key-panel-attention:has(.vv-head)",  # and not while a skeleton stands there
        "See where a patch looks",
        "Point at any patch: every layer and head of both models shows where it looks. A click holds it.",
    ),
    (
        ".st-key-panel-weight-maps:has(.vv-head)",
        "What the TokenLearner keeps",
        "Each map is one learned token: what is bright goes into it. After it, the fast ViT sees nothing else.",
    ),
    (
        ".st-key-panel-timing",
        "Does it pay?",
        "Time as measured beside operations as counted. Every view is a link: copy it and come back.",
    ),
)


@dataclass(frozen=True)
class Asked:
    """What the controls say, before any model has been run."""

    scene: Scene
    answers: DeltaGenerator  # the place for both answers in the strip
    failures: DeltaGenerator  # the place to say which weights cannot be read


def show() -> None:
    """The whole page."""
    found = catalogue()
    if not found.families:
        nothing_yet(found)
        return
    asked = _strip(found)
    if warm.ready() and not _must_be_built(asked.scene):
        scene = asked.scene.traced()
        with asked.answers:
            strip.answers(scene)
        with asked.failures:  # once, above all panels, which show the other model
            for label, reason in scene.failures.items():
                st.warning(f"{label}: {reason}", icon=":material/broken_image:")
        _fill(_slots(), scene, PANELS)
    else:
        _show_cold(asked)


def _show_cold(asked: Asked) -> None:
    """The first page of a new server, or of other models: what needs none is there at once, the rest a moment later."""
    with asked.answers:
        strip.answers(asked.scene)
    slots = _slots()
    for panel in PANELS:
        if panel.needs_traces:
            slots[panel.key].skeleton(height=SKELETON.get(panel.key, OTHER_SKELETON))
    _fill(slots, asked.scene, (panel for panel in PANELS if not panel.needs_traces))
    warm.wait()
    asked.scene.traced()
    st.rerun()


def _must_be_built(scene: Scene) -> bool:
    """Whether there is nothing to look at meanwhile: the visitor comes to other models, which no cache has.

    Asked again about them it says no, so that weights that cannot be read do not keep the page waiting.
    """
    family = st.session_state["family"]
    new = st.session_state.get("looked_at") != family
    st.session_state["looked_at"] = family
    return new and not all(caches.built(run) for run in scene.runs.values())


def _strip(found: Catalogue) -> Asked:
    actions = st.container(key="actions", horizontal=True, gap="xsmall", wrap=False)
    with st.container(key="strip"):
        thumbnail, picture_place, sliders, answers = st.columns(
            (0.06, 0.42, 0.24, 0.28), gap="medium", vertical_alignment="top"
        )
        with actions, st.popover("Settings", icon=":material/tune:", key="settings"):
            family = settings.family(found)
            settings.picture_format()
            another = st.container()
        with sliders:
            left, right = st.columns(2, gap="medium", wrap=False)
            with left:
                patch = controls.patch_size(family)
            with right:
                maps = controls.n_maps(family, patch)
        pair = controls.pair(family, patch, maps)
        gallery = gallery_for(family.example)
        with picture_place:
            picture = picture_chooser.choose(gallery, pair)
        with thumbnail:
            strip.thumbnail(picture)
        with actions:
            extra = {"models": family.key, "runs": "~".join(run.id for run in pair.models().values())}
            copy_link(extra, note="Your own picture is not in it." if picture.name == OWN else "")
            tour(TOUR)
        warning = picture_chooser.warning(picture, gallery)
        if warning:
            st.html(f'<p class="vv-warning">{warning}</p>')
    scene = Scene(pair, picture, frame.theme())
    offered = _flow(scene, family, patch, maps)
    if not offered:  # one offer at a time
        with another:
            settings.another_setting(family, patch, maps)
    return Asked(scene, answers, st.container(key="failures"))


def _flow(scene: Scene, family: Family, patch: int, maps: int | None) -> bool:
    """The band; where a model of this setting is not there, its lane offers to train it. Whether it does so."""
    missing = "vit" if scene.pair.vit is None else "fast" if maps is not None and scene.pair.fast is None else None
    with st.container(key="flow"):
        st.html(flow.band(scene, ratio=timing.ratios(scene)[0], offered=missing is not None))
        if missing:
            with st.container(key=f"offer-{missing}"):
                if trainings.at_work() is not None:
                    trainings.follow()
                else:
                    train_here(family, patch, maps)
        else:
            started = trainings.started()
            if started is not None and not started.ended:
                trainings.follow()
        trainings.outcome([run.id for run in scene.runs.values()])
        stopped = _stopped(scene)
        if stopped:
            st.html(f'<p class="vv-note">{stopped}</p>')
        without = lacking.in_a_line(family)
        if without:
            st.html(f'<p class="vv-note">{without}</p>')
    return missing is not None


def _stopped(scene: Scene) -> str:
    """Which of the models was not trained to the end."""
    said = [
        f"The {label} was stopped after {run.status['epochs_done']} of {run.train.epochs} epochs."
        for label, run in scene.runs.items()
        if run.status["state"] != "finished"
    ]
    return " ".join(said)


def _slots() -> dict[str, DeltaGenerator]:
    """The panels' containers in their places."""
    slots = {}
    for number, row in enumerate(ROWS, start=1):
        with st.container(key=f"row-{number}"):
            columns = st.columns(row.widths, gap="small")
        for column, panels in zip(columns, row.columns, strict=True):
            for panel in panels:
                # the last panel of a column reaches down to the end of the row
                height = "stretch" if panel is panels[-1] else "content"
                slots[panel.key] = column.container(border=True, key=f"panel-{panel.key}", height=height)
    return slots


def _fill(slots: dict[str, DeltaGenerator], scene: Scene, panels: Iterable[Panel]) -> None:
    for panel in panels:
        with slots[panel.key]:
            # a fragment: a switch in a panel repaints that panel alone
            st.fragment(show_panel, key=f"fragment-{panel.key}")(panel, scene)
