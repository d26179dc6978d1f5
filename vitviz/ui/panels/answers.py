"""What both models say about the picture."""

from __future__ import annotations

import html

import plotly.graph_objects as go
import streamlit as st

from vitviz.figures.answers import MOST, answers
from vitviz.ui.panels.panel import Panel, chart
from vitviz.ui.scene import Scene

HEIGHT = 284


def _render(scene: Scene) -> None:
    def draw() -> go.Figure:
        shares = {label: trace.probabilities for label, trace in scene.traces.items()}
        return answers(shares, scene.class_names, scene.theme, truth=scene.picture.label, height=HEIGHT)

    chart(draw, scene, "answers", "Both models' probabilities for every class")
    st.html(f'<p class="vv-note">{html.escape(agreement(scene) + left_out(scene))}</p>')


def answer(scene: Scene, label: str) -> tuple[str, float, bool | None]:
    """A model's answer, its probability, and whether it is right (None: nobody knows)."""
    probabilities = scene.traces[label].probabilities
    best = int(probabilities.argmax())
    truth = scene.picture.label
    return scene.class_names[best], float(probabilities[best]), None if truth is None else best == truth


def agreement(scene: Scene) -> str:
    """The two answers against each other and against the truth, in a sentence or two."""
    said = {label: answer(scene, label)[0] for label in scene.traces}
    text = ""
    if len(said) == 2:
        vit, fast = said.values()
        text = f"Both say {vit}. " if vit == fast else f"They disagree: the ViT says {vit}, the fast ViT {fast}. "
    if scene.picture.label is None:
        return text + "Nobody has said what it really is."
    return text + f"It is: {scene.class_names[scene.picture.label]}."


def left_out(scene: Scene) -> str:
    """Says that the chart does not show every class, where it does not."""
    classes = len(scene.class_names)
    return f" Shown: the {MOST} likeliest of {classes} classes; the saved data has all." if classes > MOST else ""


def _data(scene: Scene) -> list[dict[str, object]]:
    return [
        {
            "class": name,
            "true": index == scene.picture.label,
            **{label: f"{trace.probabilities[index]:.8g}" for label, trace in scene.traces.items()},
        }
        for index, name in enumerate(scene.class_names)
    ]


PANEL = Panel(
    key="answers",
    title="Answers",
    sentence="How sure each model is of every class, side by side.",
    more=r"""
**Softmax.** The last tokens are averaged, and a matrix turns the mean into one number per class. The softmax makes
shares of these numbers:

$$p_c = \frac{e^{y_c}}{\sum_k e^{y_k}}$$

A share of 90% does not mean that the model is right nine times out of ten: networks are often too sure of themselves
(Guo et al. 2017, [arXiv 1706.04599](https://arxiv.org/abs/1706.04599)), and training with smoothed labels makes them
less sure than they could be.
""",
    render=_render,
    data=_data,
)
