"""Which heads look near and which look far, layer by layer (the form of Dosovitskiy et al. 2020, figure 7)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from vitviz.figures.palette import model_colour, with_alpha
from vitviz.figures.sheet import Sheet
from vitviz.figures.theme import Theme


def attention_distance(
    distances: Mapping[str, np.ndarray], theme: Theme, *, farthest: float, unit: str = "patches", height: int = 300
) -> go.Figure:
    """One dot per head, a dash for the mean of a layer.

    Args:
        distances: per model, by its label ("ViT", "fast ViT"), `(blocks, heads)`; NaN where a layer reads learned
            tokens.
        farthest: the top of the axis, so that pictures can be compared: the distance across the picture.
        unit: what the distances are measured in, for the axis title.
    """
    sheet = Sheet(theme, height, left=56, right=12, top=34, bottom=30)
    blocks = max(len(array) for array in distances.values())
    apart = 0.36 / max(1, len(distances))
    for order, (label, array) in enumerate(distances.items()):
        offset = (order - (len(distances) - 1) / 2) * apart
        _heads(sheet, label, array, offset, unit)
        _means(sheet, label, array, offset, apart)
    learned = {label: np.isnan(array).all(axis=1) for label, array in distances.items()}
    _explain_gaps(sheet, theme, learned, farthest)
    sheet.show_legend()
    layers = np.arange(1, blocks + 1)
    sheet.axis(
        "x",
        range=[0.5, blocks + 0.5], tickvals=layers, ticktext=[f"layer {layer}" for layer in layers], showgrid=False
    )
    sheet.axis("y", range=[0, farthest], title=f"mean distance, {unit}", showgrid=True, nticks=6)
    return sheet.figure()


def _heads(sheet: Sheet, label: str, array: np.ndarray, offset: float, unit: str) -> None:
    layer, head = np.nonzero(np.isfinite(array))
    sheet.add(
        dict(
            type="scatter", x=layer + 1 + offset, y=array[layer, head], mode="markers", name=label, legendgroup=label,
            marker=dict(size=10, color=with_alpha(model_colour(label), 0.85), line=dict(width=0)),
            customdata=np.stack([layer + 1, head + 1], axis=1),
            hovertemplate=label + ", layer %{customdata[0]}, head %{customdata[1]}<br>looks %{y:.1f} " + unit
            + " away on average<extra></extra>",
        )
    )


def _means(sheet: Sheet, label: str, array: np.ndarray, offset: float, apart: float) -> None:
    xs, ys = [], []
    for layer, heads in enumerate(array, start=1):
        if np.isfinite(heads).all():
            xs += [layer + offset - apart * 0.4, layer + offset + apart * 0.4, None]
            ys += [heads.mean(), heads.mean(), None]
    sheet.add(
        dict(
            type="scatter", x=xs, y=ys, mode="lines", line=dict(color=model_colour(label), width=3), legendgroup=label,
            showlegend=False, hoverinfo="skip",
        )
    )


def _explain_gaps(sheet: Sheet, theme: Theme, learned: Mapping[str, np.ndarray], farthest: float) -> None:
    """Says why a model has no dots in some layers."""
    for label, layers in learned.items():
        if layers.any():
            first, last = np.flatnonzero(layers)[[0, -1]] + 1
            sheet.draw(
                type="rect", x0=first - 0.45, x1=last + 0.45, y0=0, y1=farthest, layer="below", line_width=0,
                fillcolor=with_alpha(theme.muted, 0.09),
            )
            sheet.write(
                f"{label}: learned<br>tokens, no place<br>in the picture",
                x=(first + last) / 2, y=farthest, yanchor="top", align="center",
            )
