"""The lanes: how far each model is on its way, large enough for the back of a hall."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from vitviz.figures.palette import model_colour
from vitviz.live import Job
from vitviz.ui.race.words import LABELS, clock, doing

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "vitviz_lanes",
    html="<div class='root'></div>",
    css=(_HERE / "lanes.css").read_text(encoding="utf-8"),
    js=(_HERE / "lanes.js").read_text(encoding="utf-8"),
)


def lanes(look: dict) -> None:
    """Draws them from a look (`race.look`). They look again by themselves, glide to where the models are then, and have
    the fragment that they stand in run again when there is more to draw."""
    _component(data=look, key="lanes", on_again_change=lambda: None)


def lanes_data(job: Job, ahead: int = 0) -> dict:
    """What the component draws."""
    kinds = kinds_of(job)
    places = _places(job, kinds)
    return {
        "share": min(1.0, job.share),
        "words": _whole(job, kinds, ahead),
        "lanes": [_lane(job, kind, places) for kind in kinds],
    }


def kinds_of(job: Job) -> list[str]:
    """`vit`, `fast` or both, in this order; known from the arguments before the process has read its settings."""
    if job.models:
        return sorted(job.models, reverse=True)
    given = dict(zip(job.arguments[::2], job.arguments[1::2], strict=False)).get("--model", "both")
    return ["vit", "fast"] if given == "both" else [given]


def _lane(job: Job, kind: str, places: dict[str, int]) -> dict:
    now = job.of(kind)
    steps, done = now.get("steps", 0), now.get("steps_done", 0)
    share = done / steps if steps else 0.0
    parts = []
    if steps:
        epoch = min(now["epochs_done"] + 1, now["epochs"])
        parts.append(f"epoch {epoch} of {now['epochs']}, step {done:,} of {steps:,}")
    pace = now.get("step_ms")
    if pace:
        parts.append(f"{pace['median']:.1f} ms a step")
    last = now.get("last") or {}
    if "val_accuracy" in last:
        parts.append(f"validation {last['val_accuracy']:.1%} after epoch {last['epoch']}")
    place = places.get(kind)
    return {
        "label": LABELS[kind], "colour": model_colour(kind), "share": share, "epochs": now.get("epochs", 1),
        "clock": clock(now.get("clock", 0.0)), "more": " · ".join(parts), "place": place,
        "said": _said(place, len(kinds_of(job)), share),
    }  # fmt: skip


def _said(place: int | None, models: int, share: float) -> str:
    if place is None:
        return f"{share:.0%}" if share > 0.08 else ""
    if models == 1 or place == 2:
        return "finished"
    return "finished first"


def _places(job: Job, kinds: list[str]) -> dict[str, int]:
    """Who came in first: the one whose own clock stood lower when it had taken its last step."""
    done = [kind for kind in kinds if 0 < job.of(kind).get("steps", 0) <= job.of(kind)["steps_done"]]
    order = sorted(done, key=lambda kind: job.of(kind)["clock"])
    return {kind: order.index(kind) + 1 for kind in order}


def _whole(job: Job, kinds: list[str], ahead: int) -> str:
    steps = sum(job.of(kind).get("steps", 0) for kind in kinds)
    done = sum(job.of(kind).get("steps_done", 0) for kind in kinds)
    words = doing(job, ahead)
    words = words[0].upper() + words[1:]
    return f"{words} · {done:,} of {steps:,} steps" if steps else words
