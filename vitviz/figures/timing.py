"""Where the time goes: a step's time with its spread, the whole training, and the ratio of the two models."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from vitviz.analysis.operations import TUTORIAL_RATIO
from vitviz.figures.palette import ink_on, model_colour, with_alpha
from vitviz.figures.sheet import Sheet
from vitviz.figures.theme import Theme

NEAR = 0.12  # to 1: there a number that stands over its mark would be struck out by the line at 1


def step_time(steps: Mapping[str, Mapping[str, float]], theme: Theme, height: int = 150) -> go.Figure:
    """Median milliseconds per training step as bars, the quartiles as whiskers.

    `steps`: per model, by its label, `{"median", "q1", "q3"}` in milliseconds.
    """
    sheet = Sheet(theme, height, left=74, right=24, top=8, bottom=44)
    for row, (label, step) in enumerate(steps.items()):
        median, low, high = step["median"], step["q1"], step["q3"]
        sheet.add(
            dict(
                type="bar", y=[row], x=[median], orientation="h", width=0.58,
                marker=dict(color=model_colour(label), line_width=0),
                error_x=dict(
                    type="data", symmetric=False, array=[high - median], arrayminus=[median - low],
                    color=theme.text, thickness=1.5, width=5,
                ),
                text=[f"<b>{median:.1f} ms</b>"], textposition="inside", insidetextanchor="start", textangle=0,
                textfont=dict(color=ink_on(model_colour(label)), size=13),
                hovertemplate=f"{label}: median {median:.1f} ms per step<br>half of all steps take {low:.1f} to "
                f"{high:.1f} ms<extra></extra>",
            )
        )
    _model_rows(sheet, theme, steps)
    top = max((step["q3"] for step in steps.values()), default=1.0)
    sheet.axis("x", title="milliseconds per step", range=[0, top * 1.08], showgrid=True, nticks=7)
    return sheet.figure()


def total_time(parts: Mapping[str, Mapping[str, float]], theme: Theme, height: int = 180) -> go.Figure:
    """Seconds of set-up, compilation and training, one stacked bar per model.

    `parts`: per model, by its label, `{"set-up", "compilation", "training"}` in seconds; any names will do, in
    the order in which they happen; the last one is in the model's full colour.
    """
    sheet = Sheet(theme, height, left=74, right=70, top=34, bottom=44)
    names = list(next(iter(parts.values()), {}))
    labels = list(parts)
    for order, name in enumerate(names):
        seconds = [parts[label].get(name, 0.0) for label in labels]
        strength = 0.3 + 0.7 * order / max(1, len(names) - 1)
        sheet.add(
            dict(
                type="bar", y=np.arange(len(labels)), x=seconds, orientation="h", width=0.58, name=name,
                showlegend=False,
                marker=dict(color=[with_alpha(model_colour(label), strength) for label in labels], line_width=0),
                customdata=labels, hovertemplate="%{customdata}: " + name + " %{x:.1f} s<extra></extra>",
            )
        )
    for row, label in enumerate(labels):
        whole = sum(parts[label].values())
        said = f"<b>{whole:,.0f} s</b>"
        sheet.write(said, size=13, colour=theme.text, x=whole, y=row, xanchor="left", xshift=6)
    sheet.write_above("pale to full: " + ", ".join(names))
    _model_rows(sheet, theme, parts)
    sheet.layout["barmode"] = "stack"
    sheet.axis("x", title="seconds", showgrid=True, nticks=7, rangemode="tozero")
    return sheet.figure()


def ratio(
    theme: Theme,
    *,
    measured: float | None = None,
    quartiles: tuple[float, float] | None = None,
    counted: float | None = None,
    published: float | None = TUTORIAL_RATIO,
    height: int = 190,
) -> go.Figure:
    """The fast ViT over the ViT on one axis: time as measured, operations as counted, and the tutorial's time.

    Left of 1, the fast ViT is the cheaper one. `quartiles` is the spread of the measured ratio. What is None is
    left out, but keeps its line.
    """
    sheet = Sheet(theme, height, left=152, right=28, top=26, bottom=40)
    rows = [
        ("time, measured", measured, theme.text, "circle"),
        ("operations, counted", counted, theme.text, "diamond"),
        ("time, tutorial", published, theme.muted, "circle-open"),
    ]
    highest = max([1.15] + [value * 1.08 for _, value, _, _ in rows if value is not None] + list(quartiles or ()))
    for y, (name, value, colour, symbol) in enumerate(rows):
        sheet.draw(type="line", x0=0, x1=highest, y0=y, y1=y, line=dict(color=theme.grid, width=1), layer="below")
        if value is None:
            sheet.write("not measured yet", x=0, y=y, xanchor="left", yshift=9)
            continue
        spread = quartiles if name == "time, measured" and quartiles else (value, value)
        said = f"{name}: the fast ViT takes {value:.1%} of the ViT's"
        if spread[0] != spread[1]:
            said += f"<br>half of the measured slices lie between {spread[0]:.3f} and {spread[1]:.3f}"
        sheet.add(
            dict(
                type="scatter", x=[value], y=[y], mode="markers",
                marker=dict(size=12, color=colour, symbol=symbol, line_width=2),
                error_x=dict(
                    type="data", symmetric=False, array=[spread[1] - value], arrayminus=[value - spread[0]],
                    color=colour, thickness=2, width=6, visible=spread[0] != spread[1],
                ),
                hovertemplate=said + "<extra></extra>", cliponaxis=False,
            )
        )
        # Above the mark: beside it, it would lie on the line at 1 or beyond a narrow panel
        anchor = "center" if abs(value - 1) > NEAR else "right" if value < 1 else "left"
        sheet.write(
            f"<b>{value:.3f}</b>", size=14, colour=colour, x=value, y=y, xanchor=anchor, yanchor="bottom", yshift=7
        )
    sheet.draw(type="line", x0=1, x1=1, y0=-0.6, y1=2.5, line=dict(color=model_colour("ViT"), width=2))
    # to the left, as a chart's buttons appear at the right
    sheet.write("ViT = 1", colour=theme.text, x=1, y=-0.6, xanchor="right", yanchor="bottom", yshift=2)
    sheet.axis("x", range=[0, highest], nticks=5, title="fast ViT ÷ ViT")
    sheet.axis(
        "y", range=[2.5, -0.6], tickvals=[0, 1, 2], ticktext=[name for name, *_ in rows],
        tickfont=dict(size=13, color=theme.text),
    )
    return sheet.figure()


def _model_rows(sheet: Sheet, theme: Theme, labels: Mapping[str, object]) -> None:
    sheet.axis(
        "y", range=[len(labels) - 0.5, -0.5], tickvals=list(range(len(labels))), ticktext=list(labels),
        tickfont=dict(size=13, color=theme.text),
    )
