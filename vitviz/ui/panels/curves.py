"""How both models learned."""

from __future__ import annotations

import streamlit as st

from vitviz.figures.curves import METRICS, curves
from vitviz.ui.catalogue import TITLES
from vitviz.ui.panels.choice import choice
from vitviz.ui.panels.panel import Panel, chart
from vitviz.ui.scene import Scene
from vitviz.ui.time_machine.link import link_to

HEIGHT = 262


def _render(scene: Scene) -> None:
    with st.container(horizontal=True, gap="small", key="pick-curves"):
        metric = st.selectbox(
            "Measure",
            list(METRICS),
            index=1,
            format_func=METRICS.get,
            key="measure",
            label_visibility="collapsed",
            bind="query-params",
            width=126,
        )
        clock = choice("Over", ["epoch", "seconds"], key="clock")
    histories = {label: run.history for label, run in scene.runs.items()}
    chart(
        lambda: curves(histories, metric, scene.theme, x=clock, classes=scene.config.classes, height=HEIGHT),
        scene,
        "curves",
        f"{METRICS[metric]} over {clock}, both models",
        switches=(metric, clock),
        reads=("ViT", "fast ViT"),
    )
    st.caption(trained_on(scene))
    link_to(scene.runs.values())


def trained_on(scene: Scene) -> str:
    """The data, the training and its outcome in a line or two."""
    run = next(iter(scene.runs.values()))  # the models of a scene are trained alike
    train, title = run.train, TITLES.get(run.train.dataset, run.train.dataset)
    dates = {label: f"{one.created:%d %B %Y}" for label, one in scene.runs.items()}
    same = len(set(dates.values())) == 1
    when = next(iter(dates.values())) if same else ", ".join(f"{label} on {date}" for label, date in dates.items())
    epochs = "1 epoch" if train.epochs == 1 else f"{train.epochs} epochs"
    tests = [
        f"{label} {run.metrics['test']['accuracy']:.1%}" for label, run in scene.runs.items() if "test" in run.metrics
    ]
    pictures = "" if run.train.limit is None else f" (the first {run.train.limit:,} pictures)"
    tested = f" Test accuracy: {', '.join(tests)}." if tests else ""
    return (
        f"{title[0].upper()}{title[1:]}{pictures}, {run.model.classes} classes (from {run.data_source}), {epochs}, "
        f"seed {train.seed}, {train.validation_fraction:.0%} held out. Trained: {when}.{tested}"
    )


def _data(scene: Scene) -> list[dict[str, object]]:
    return [{"model": label, "run": run.id, **row} for label, run in scene.runs.items() for row in run.history]


PANEL = Panel(
    key="curves",
    title="Curves",
    sentence="How both models got better while training, on pictures they learned from and on ones held back.",
    more=r"""
**Training** (dashed) is measured on the pictures of the epoch while the weights still change; **validation** (solid)
on pictures held out from training, after each epoch. A gap that grows says that the model learns its pictures by heart.

*Accuracy*: share of right answers. *Precision* and *recall* count answers given with more than 50%: how many of
them are right, and how many of all pictures get such a right answer. *Top-5*: the truth is among the five likeliest
classes (always, with five classes or fewer). *Loss*: cross-entropy. Over **seconds**, the clock counts training steps
alone, without compilation and validation.

What is chosen here was never chosen by the test pictures.
""",
    render=_render,
    data=_data,
    needs_traces=False,
)
