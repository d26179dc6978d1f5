"""Learning curves: one metric, all models on one set of axes, over epochs or over seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import plotly.graph_objects as go

from vitviz.figures.palette import model_colour, with_alpha
from vitviz.figures.sheet import Sheet
from vitviz.figures.theme import Theme

METRICS = {
    "loss": "loss", "accuracy": "accuracy", "precision": "precision", "recall": "recall", "top5": "top-5 accuracy",
}


def curves(
    histories: Mapping[str, Sequence[Mapping[str, float]]],
    metric: str,
    theme: Theme,
    *,
    x: Literal["epoch", "seconds"] = "epoch",
    classes: int | None = None,
    height: int = 300,
) -> go.Figure:
    """Training dashed, validation solid.

    Args:
        histories: per model, by its label ("ViT", "fast ViT"), a row per epoch with `epoch`, `seconds`, the metric,
            and `val_` + the metric where pictures were held out.
        metric: one of `METRICS`.
        classes: how many there are, to say when top-5 cannot be wrong.
    """
    sheet = Sheet(theme, height, left=56, right=16, top=34, bottom=46)
    for label, rows in histories.items():
        lines = []
        for key, part in ((metric, "training"), (f"val_{metric}", "validation")):
            points = [row for row in rows if row.get(key) is not None]
            if points:
                lines.append(_line(label, part, [p[x] for p in points], [p[key] for p in points], metric, x))
        if lines:
            lines[-1]["showlegend"] = True  # one name per model: that of its validation, where it has one
        sheet.add(*lines)
    sheet.show_legend()
    if metric == "top5" and classes is not None and classes <= 5:
        words = f"with {classes} classes, the truth is always among five answers"
        sheet.write(words, x=0.5, y=0.08, xref="paper", yref="paper")
    last = max((row[x] for rows in histories.values() for row in rows), default=1)
    title = f"{x} (solid: validation, dashed: training)"
    sheet.axis("x", title=title, showgrid=False, showline=True, range=_span(x, last), nticks=9)
    if x == "epoch":
        sheet.axis("x", tickformat="d", dtick=max(1, -(-int(last) // 10)), tick0=1)
    sheet.axis("y", title=METRICS[metric], showgrid=True, nticks=6)
    if metric == "loss":
        sheet.axis("y", rangemode="tozero")
    else:
        sheet.axis("y", tickformat=".0%")
    if metric == "top5":
        sheet.axis("y", range=[0.45, 1.02])  # better than chance with 10 classes, and room for a flat line
    return sheet.figure()


def _line(label: str, part: str, xs: list, ys: list, metric: str, x: str) -> dict:
    colour = model_colour(label)
    training = part == "training"
    few = len(xs) <= 12
    when = "epoch %{x}" if x == "epoch" else "after %{x:.0f} s"
    shown = "%{y:.3f}" if metric == "loss" else "%{y:.1%}"
    return dict(
        type="scatter", x=xs, y=ys, name=label, legendgroup=label, showlegend=False,
        mode="lines+markers" if few else "lines", marker=dict(size=6, color=colour),
        line=dict(color=with_alpha(colour, 0.75) if training else colour, width=1.75 if training else 2.5,
                  dash="5px,4px" if training else "solid"),
        hovertemplate=f"{label}, {part}<br>{when}: {METRICS[metric]} {shown}<extra></extra>",
    )


def _span(x: str, last: float) -> list[float]:
    return [0.7, max(last, 2) + 0.3] if x == "epoch" else [0, last * 1.03 if last else 1]
