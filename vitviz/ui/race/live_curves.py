"""The learning curves of a training that may still be at work, and the time of its steps."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from vitviz.figures.curves import curves
from vitviz.figures.theme import Theme
from vitviz.figures.timing import step_time
from vitviz.live import Job
from vitviz.ui.race.lanes import kinds_of
from vitviz.ui.race.words import LABELS

HEIGHT = 214
STEP_HEIGHT = 124
POINTED = ("loss", "accuracy")  # what is measured within the epochs too


def live_curves(job: Job, metric: str, theme: Theme, over: str) -> go.Figure:
    """One metric of every model, over `epoch` or `seconds`. The axis is as long as the whole training will be."""
    rows = {LABELS[kind]: _rows(job, kind, metric) for kind in kinds_of(job)}
    classes = next((model.classes for model in job.models.values()), None)
    figure = curves(rows, metric, theme, x=over, classes=classes, height=HEIGHT)
    length = _length(job, over)
    figure.layout.xaxis.range = [0, length]
    if over == "epoch":  # a mark for each of a thousand epochs to come would hold the browser up
        figure.layout.xaxis.update(tick0=0, dtick=max(1, math.ceil(length / 10)))
    figure.layout.xaxis.title.text = over
    if metric != "loss":
        figure.layout.yaxis.range = [0, 1.02]
    return figure


def step_times(job: Job, theme: Theme) -> go.Figure | None:
    """The duration of the latest steps of each model; None before the first."""
    steps = {LABELS[kind]: job.of(kind)["step_ms"] for kind in kinds_of(job) if job.of(kind).get("step_ms")}
    return step_time(steps, theme, height=STEP_HEIGHT) if steps else None


def _rows(job: Job, kind: str, metric: str) -> list[dict[str, float]]:
    """Validation after each epoch; training within the epochs too, where it is measured there."""
    history = job.history(kind)
    if metric not in POINTED:
        return history
    points = [{name: point[name] for name in ("epoch", "seconds", metric)} for point in job.points(kind)]
    if not points:
        return history
    after = [
        {name: row[name] for name in ("epoch", "seconds", f"val_{metric}") if name in row} for row in history
    ]
    return sorted([*points, *after], key=lambda row: row["epoch"])


def _length(job: Job, over: str) -> float:
    parts = [job.of(kind) for kind in kinds_of(job) if job.of(kind)]
    if over == "epoch":
        planned = job.train.epochs if job.train else 1
        return max([planned, *(part["epochs"] for part in parts)])
    ends = []
    for part in parts:
        share = part["steps_done"] / part["steps"] if part["steps"] else 0
        ends.append(part["clock"] / share if share > 0 else 1.0)
    return _round_up(max(ends, default=1.0))


def _round_up(seconds: float) -> float:
    """To two digits that do not change with every step: 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(max(seconds, 1e-3)))
    stops = (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
    return next(stop * power for stop in stops if stop * power >= seconds * 0.999)
