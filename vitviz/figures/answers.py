"""What the models answer: their probabilities side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from vitviz.figures.palette import model_colour
from vitviz.figures.sheet import Sheet
from vitviz.figures.theme import Theme

MOST = 10  # classes in a chart


def answers(
    probabilities: Mapping[str, np.ndarray],
    class_names: Sequence[str],
    theme: Theme,
    *,
    truth: int | None = None,
    most: int = MOST,
    height: int = 330,
) -> go.Figure:
    """Horizontal bars, one per model and class; each model's answer is written in bold.

    Args:
        probabilities: per model, by its label ("ViT", "fast ViT"), `(classes,)`.
        truth: the true class, marked on the axis, where there is one.
        most: with more classes than this, only the likeliest are shown (and the true one).
    """
    classes = _shown(probabilities, truth, most)
    sheet = Sheet(theme, height, left=118, right=52, top=34, bottom=8)
    names = [_label(class_names[index], index == truth, theme) for index in classes]
    for label, array in probabilities.items():
        answer = int(array.argmax())
        sheet.add(
            dict(
                type="bar", y=np.arange(len(classes)), x=array[classes], orientation="h", name=label,
                marker=dict(color=model_colour(label), line_width=0),
                text=[_percent(array[index], index == answer) for index in classes],
                textposition="outside", constraintext="none", cliponaxis=False,
                textfont=dict(size=11, color=[theme.text if index == answer else theme.muted for index in classes]),
                customdata=[class_names[index] for index in classes],
                hovertemplate=label + ": %{customdata}<br>probability %{x:.1%}<extra></extra>",
            )
        )
    sheet.layout |= dict(barmode="group", bargap=0.28, bargroupgap=0.08, barcornerradius=2)
    sheet.show_legend()
    sheet.axis("x", range=[0, 1], showticklabels=False)
    sheet.axis(
        "y", range=[len(classes) - 0.5, -0.5], tickvals=np.arange(len(classes)), ticktext=names,
        tickfont=dict(size=13, color=theme.text),
    )
    return sheet.figure()


def _shown(probabilities: Mapping[str, np.ndarray], truth: int | None, most: int) -> np.ndarray:
    """The classes to show: all of them in their own order, or the likeliest of many, the likeliest first."""
    best = np.max(np.stack(list(probabilities.values())), axis=0)  # (classes,)
    if len(best) <= most:
        return np.arange(len(best))
    order = np.argsort(-best, kind="stable")
    shown = order[:most]
    if truth is not None and truth not in shown:
        shown[-1] = truth
    return shown


def _percent(probability: float, answer: bool) -> str:
    if answer:
        return f"<b>{probability:.0%}</b>"
    return f"{probability:.0%}" if probability >= 0.05 else ""


def _label(name: str, true: bool, theme: Theme) -> str:
    short = name if len(name) <= 15 else name[:14] + "…"
    return f'<b>{short}</b> <span style="color:{theme.accent}">●</span>' if true else short
