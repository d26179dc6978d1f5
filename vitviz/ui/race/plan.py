"""What the training will be: counted at once, and timed by a few real steps while the visitor looks."""

from __future__ import annotations

import html
import shlex
from datetime import datetime, timedelta

import streamlit as st

from vitviz import live
from vitviz.analysis.operations import total_macs, total_params
from vitviz.config import ConfigError, ModelConfig
from vitviz.live import JobError
from vitviz.ui.catalogue import runs_dir
from vitviz.ui.race import watch
from vitviz.ui.race.measuring import MEASURING, Answer
from vitviz.ui.race.settings import Settings
from vitviz.ui.race.table import table
from vitviz.ui.race.words import duration

LOOK_AGAIN = 0.8  # seconds
USUAL = "runs"  # the command's own folder
TWICE = timedelta(seconds=3)  # a second click within this is the same wish; a training is dated to the second
DOTS = '<i class="vv-measuring" role="img" aria-label="being measured"></i>'


def plan(settings: Settings) -> None:
    """Tokens, parameters, operations, time, the command, and the button that starts it."""
    refusals = settings.refusals()
    models = _models(settings)
    busy = watch.at_work() is not None
    answer = Answer() if refusals else MEASURING.known(settings.arguments, runs_dir())
    wanted = not refusals and not answer.known and (not busy or st.session_state.get("measure_anyway") == settings)
    # draws itself again while something is measured, and no longer
    draw = st.fragment(_numbers, run_every=LOOK_AGAIN if wanted else None, key="estimate")
    draw(settings, models, wanted, bool(refusals))
    with st.container(key="command"):
        st.code(command(settings), language=None, wrap_lines=True)
    _start(settings, models, refused=bool(refusals), busy=busy)


def command(settings: Settings) -> str:
    """The line that a person would type; the page starts the same."""
    where = [] if str(runs_dir()) == USUAL else ["--runs-dir", str(runs_dir())]
    return shlex.join(["python", "-m", "vitviz", "train", *settings.arguments, *where])


def start(settings: Settings, models: list[ModelConfig]) -> None:
    """Starts it. What is at work stays in sight; a training that begins now is shown.

    A double click starts one.
    """
    if _just_started(settings):
        return
    MEASURING.call_off()
    first = watch.at_work() is None
    try:
        job = live.start(runs_dir(), settings.arguments, label=live.label(models, settings.preset))
    except JobError as error:
        st.session_state["could_not_start"] = str(error)
        return
    if first:
        watch.follow(job.id)


def _just_started(settings: Settings) -> bool:
    return any(
        job.arguments == settings.arguments and not job.ended and now() - job.created < TWICE
        for job in live.list_jobs(runs_dir())
    )


def now() -> datetime:
    """By the clock."""
    return datetime.now().astimezone()


def _models(settings: Settings) -> list[ModelConfig]:
    try:
        return settings.models()
    except ConfigError:
        return []


def _start(settings: Settings, models: list[ModelConfig], *, refused: bool, busy: bool) -> None:
    label = "Add to the queue" if busy else {"both": "Start the race", "vit": "Train the ViT"}.get(
        settings.model, "Train the fast ViT")  # fmt: skip
    st.button(
        label, type="primary", key="start-training", width="stretch", disabled=refused or not models,
        icon=":material/playlist_add:" if busy else ":material/play_arrow:", on_click=start, args=(settings, models),
    )  # fmt: skip
    error = st.session_state.pop("could_not_start", None)
    if error:
        st.error(error)


def _numbers(settings: Settings, models: list[ModelConfig], wanted: bool, refused: bool) -> None:
    ask = MEASURING.ask if wanted else MEASURING.known
    answer = Answer() if refused else ask(settings.arguments, runs_dir())
    if wanted and answer.known:
        st.rerun()  # nothing moves any more
    st.html(_table(settings, models, answer, wanted))
    with st.container(key="estimate-line", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<p class="vv-note">{_sentence(answer, wanted, refused)}</p>', width="stretch")
        if not (wanted or answer.known or refused):
            st.button("Measure now", key="measure-now", on_click=_measure_anyway, args=(settings,),
                      help="A training is at work: both will be slower while it is measured.")  # fmt: skip


def _measure_anyway(settings: Settings) -> None:
    st.session_state["measure_anyway"] = settings


def _table(settings: Settings, models: list[ModelConfig], answer: Answer, wanted: bool) -> str:
    measured = {one["model"]: one for one in (answer.values or {}).get("models", [])}
    kinds = [model.kind for model in models] or ["vit", "fast"]
    by_kind = {model.kind: model for model in models}
    guessed = settings.dataset == "folder"  # grey or in colour: nobody knows before they are read

    def counted(kind: str, name: str, count) -> str:
        if kind in measured:
            return f"{measured[kind][name]:,}"
        return f"{'≤ ' if guessed else ''}{count(by_kind[kind]):,}" if kind in by_kind else "–"

    def timed(kind: str, say) -> str:
        return say(measured[kind]) if kind in measured else (DOTS if wanted else "–")

    rows = {
        "tokens": [_tokens(by_kind[kind]) if kind in by_kind else "–" for kind in kinds],
        "parameters": [counted(kind, "params", total_params) for kind in kinds],
        "operations per picture": [counted(kind, "macs", total_macs) for kind in kinds],
        "a step": [timed(kind, lambda one: f"{one['step_ms']['median']:.1f} ms") for kind in kinds],
        "training": [timed(kind, lambda one: duration(one["epoch_seconds"] * settings.epochs)) for kind in kinds],
    }  # fmt: skip
    return table(kinds, rows)


def _tokens(model: ModelConfig) -> str:
    return f"{model.tokens}" if model.n_maps is None else f"{model.tokens} → {model.n_maps}"


def _sentence(answer: Answer, wanted: bool, refused: bool) -> str:
    if refused:
        return "These settings cannot be trained: the reason stands beside the control."
    if answer.reason:
        return f'<span class="vv-refused">{html.escape(answer.reason)}</span>'
    if answer.values:
        values = answer.values
        ready = values["setup_seconds"] + sum(one["compile_seconds"] for one in values["models"])
        busy = ", measured while another training was at work" if values["busy"] else ", by a few real steps"
        return (
            f"<b>About {duration(values['seconds'])} in all</b> on this computer{busy}: {duration(ready)} to get "
            "ready, then training and evaluation."
        )
    if wanted:
        return "The time is being measured by a few real steps of each model. You need not wait for it."
    return "The time is not measured while a training is at work: they would disturb one another."
