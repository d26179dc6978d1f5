"""Time machine: a training's models, epoch by epoch."""

from __future__ import annotations

import html

import streamlit as st

from vitviz.runs import RunError, Runs, RunStore
from vitviz.ui.catalogue import catalogue, runs_dir, zoo_dir
from vitviz.ui.components.copy_link import copy_link
from vitviz.ui.race.after import explore_query
from vitviz.ui.time_machine.films import Training, trainings
from vitviz.ui.time_machine.fixed_pictures import FixedPictures, key_of, load_fixed
from vitviz.ui.time_machine.frames import Frame
from vitviz.ui.time_machine.machine import chosen_picture, time_machine, viewed
from vitviz.ui.time_machine.payload import Frames
from vitviz.ui.time_machine.tracer import tracer
from vitviz.ui.time_machine.view import RULES, View

CHOICE = "time_machine_run"
SOON, NOW_AND_THEN = 0.4, 1.5  # seconds between two looks: for frames that are being made, for a training at work
SKELETON = 560  # pixels


def show() -> None:
    """The whole page."""
    found = trainings()
    asked = st.query_params.get("run")
    chosen = next((training for training in found if asked and training.is_called(asked)), None)
    with st.container(key="time-machine"):
        head, choice = st.columns((0.5, 0.5), gap="large", vertical_alignment="center")
        head.html(
            '<div class="vv-title"><h2>Time machine</h2><p>What the models see in one picture, epoch by epoch.</p>'
            "</div>"
        )
        if not found:
            _nothing_yet(asked)
            return
        if asked and chosen is None:
            st.html(f'<p class="vv-warning">{html.escape(_why_not(asked))} These have them: choose one.</p>')
        else:
            chosen = chosen or found[0]
            if not asked:
                st.query_params["run"] = chosen.address
        with choice:
            _choose(found, chosen)
        if chosen is not None:
            _stage(chosen)


def _choose(found: list[Training], chosen: Training | None) -> None:
    titles = {training.address: training.title for training in found}
    st.session_state[CHOICE] = None if chosen is None else chosen.address
    st.selectbox(
        "Training", list(titles), index=None if chosen is None else 0, format_func=titles.get, key=CHOICE,
        on_change=_chose, placeholder="Choose a training", label_visibility="collapsed",
    )  # fmt: skip


def _chose() -> None:
    for name in RULES:
        st.query_params.pop(name, None)
    if st.session_state[CHOICE] is not None:
        st.query_params["run"] = st.session_state[CHOICE]


def _stage(training: Training) -> None:
    """The machine, or what stands for it while its frames are made. Looks again by itself where there may be more."""
    frames, missing = _frames(training)
    shown = _enough(training, frames, missing)
    every = SOON if not shown else NOW_AND_THEN if training.at_work else None
    st.fragment(_draw, run_every=every, key="fragment-time-machine")(training.address, shown, training.at_work)


def _draw(id: str, shown: bool, at_work: bool) -> None:
    training = next((training for training in trainings() if training.is_called(id)), None)
    if training is None:  # deleted
        st.rerun()
        return
    frames, missing = _frames(training)
    if (_enough(training, frames, missing), training.at_work) != (shown, at_work):
        st.rerun()
    if not shown:
        _skeleton(training, missing)
        return
    pictures = load_fixed(key_of(training))  # kept: the frames were made from them
    picture = _picture(pictures)
    if pictures.note:
        st.html(f'<p class="vv-note">{html.escape(pictures.note)}</p>')
    time_machine(
        training, frames, pictures, picture, view=View.read(st.query_params), on_view=_moved, on_picture=_picked
    )
    with st.container(horizontal=True, gap="medium", vertical_alignment="center", key="time-machine-links"):
        _link_to_explore(training)
        copy_link({"run": training.address, "picture": str(picture)}, key="copy_time_machine")


def _frames(training: Training) -> tuple[dict[str, Frames], int]:
    """The frames that are there, by model, and how many are still to come."""
    every_head, frames, missing = training.every_head(), {}, 0
    for film in training.films:
        epochs = training.epochs(film)
        frames[film.label] = tracer.frames(training, film, epochs, every_head=every_head)
        missing += len(epochs) - len(frames[film.label])
    return frames, missing


def _enough(training: Training, frames: dict[str, Frames], missing: int) -> bool:
    """All of them; of a training at work, one of each model: it need not go blank whenever an epoch is added."""
    if training.at_work and all(any(isinstance(one, Frame) for one in film.values()) for film in frames.values()):
        return True
    return missing == 0


def _skeleton(training: Training, missing: int) -> None:
    wanted = sum(len(training.epochs(film)) for film in training.films)
    st.progress((wanted - missing) / max(wanted, 1), text=f"Looking through {wanted - missing} of {wanted} snapshots")
    st.container(height=SKELETON, border=True, key="time-machine-skeleton")


def _picture(pictures: FixedPictures) -> int:
    asked = st.query_params.get("picture", "")
    return min(int(asked), len(pictures) - 1) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 0


def _moved() -> None:
    """The slider, the pin or a switch: into the address, so that a link shows the same."""
    view = viewed()
    for name, value in (view.to_query() if view else {}).items():
        if value is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = value


def _picked() -> None:
    picked = chosen_picture()
    if picked is not None:
        st.query_params["picture"] = str(picked)


def _why_not(id: str) -> str:
    """Why a run cannot be shown here."""
    stores = Runs(RunStore(runs_dir()), RunStore(zoo_dir(), read_only=True))
    try:
        known = id in stores.ids()
    except RunError:
        known = False
    if known:
        return (
            f"The run {id} has no snapshots of its epochs: it ships with the project, or was trained before they were "
            "kept, and has its final weights only."
        )
    return f"There is no run {id} here."


def _nothing_yet(asked: str | None) -> None:
    reason = f"{_why_not(asked)} " if asked else ""
    st.html(
        f'<p class="vv-reason">{html.escape(reason)}No training here has kept its epochs yet. Every training that is '
        "started from the Train page, or with <code>python -m vitviz train</code>, does.</p>"
    )


def _link_to_explore(training: Training) -> None:
    ids = {film.id for film in training.films}
    known = [run for family in catalogue().families.values() for run in family.runs if run.id in ids]
    query = explore_query(list({run.id: run for run in known}.values()))
    if query is not None and "_explore" in st.session_state:  # else it is at work, or was stopped
        st.page_link(
            st.session_state["_explore"], label="Open in Explore", icon=":material/visibility:", query_params=query
        )
