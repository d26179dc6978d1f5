"""Where parameters and operations are: every layer as a piece of its model's bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import plotly.graph_objects as go

from vitviz.figures.palette import ink_on, mixed, model_colour
from vitviz.figures.sheet import Sheet
from vitviz.figures.theme import Theme


class Layer(Protocol):
    """A row of the layer table."""

    name: str
    params: int
    macs: int


WORDS = {"macs": "multiply–accumulates per picture", "params": "parameters"}


def layer_costs(
    models: Mapping[str, Sequence[Layer]], theme: Theme, *, what: Literal["macs", "params"] = "macs", height: int = 190
) -> go.Figure:
    """One stacked bar per model, its layers in their order.

    `models`: per model, by its label ("ViT", "fast ViT"), the rows of its layer table.
    """
    sheet = Sheet(theme, height, left=74, right=70, top=30, bottom=44)
    labels = list(models)
    totals = {label: sum(getattr(row, what) for row in rows) for label, rows in models.items()}
    widest = max(totals.values())
    for at, label in enumerate(labels):
        rows = [row for row in models[label] if getattr(row, what)]
        values = [getattr(row, what) for row in rows]
        names = [row.name.replace("_", " ") for row in rows]
        colours = [_colour(row.name, label, theme) for row in rows]
        starts = [sum(values[:index]) for index in range(len(values))]
        sheet.add(
            dict(
                type="bar", y=[at] * len(rows), x=values, base=starts, orientation="h", width=0.62,
                marker=dict(
                    color=colours,
                    line=dict(color=theme.background, width=1.5),
                ),
                text=[name if value > 0.075 * widest else "" for name, value in zip(names, values, strict=True)],
                textposition="inside", insidetextanchor="middle", textangle=0,
                textfont=dict(color=[ink_on(colour) for colour in colours], size=12), constraintext="none",
                customdata=[
                    [name, f"{value:,}", value / totals[label]] for name, value in zip(names, values, strict=True)
                ],
                hovertemplate=label + ", %{customdata[0]}<br>%{customdata[1]} " + WORDS[what]
                + "<br>%{customdata[2]:.1%} of the model<extra></extra>",
            )
        )
        total = f"<b>{_short(totals[label])}</b>"
        sheet.write(total, size=13, colour=theme.text, x=totals[label], y=at, xanchor="left", xshift=6)
    sheet.write_above(
        f'<span style="color:{theme.accent}">■</span> TokenLearner &nbsp; '
        f'<span style="color:{theme.muted}">■</span> embedding and answer'
    )
    sheet.layout["barmode"] = "overlay"
    sheet.axis("x", title=WORDS[what], range=[0, widest * 1.02], showgrid=True, nticks=7)
    sheet.axis(
        "y", range=[len(labels) - 0.5, -0.5], tickvals=list(range(len(labels))),
        ticktext=labels, tickfont=dict(size=13, color=theme.text),
    )
    return sheet.figure()


def _colour(name: str, label: str, theme: Theme) -> str:
    if name.startswith("token_"):
        return theme.accent
    if not name.startswith("block_"):
        return mixed(theme.muted, theme.background, 0.75)
    return model_colour(label)


def _short(number: int) -> str:
    if number >= 1e6:
        return f"{number / 1e6:.1f} M"
    return f"{number / 1e3:.0f} k" if number >= 1e3 else str(number)
