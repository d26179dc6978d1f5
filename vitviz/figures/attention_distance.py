"""Which heads look near and which look far, layer by layer (the form of Dosovitskiy et al. 2020, figure 7)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from vitviz.figures.palette import model_colour, with_alpha
from vitviz.figures.theme import Theme, figure, legend


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
    result = figure(theme, height, left=56, right=12, top=34, bottom=30)
    blocks = max(len(array) for array in distances.values())
    apart = 0.36 / max(1, len(distances))
    for order, (label, array) in enumerate(distances.items()):
        offset = (order - (len(distances) - 1) / 2) * apart
        _heads(result, label, array, offset, unit)
        _means(result, label, array, offset, apart)
    learned = {label: np.isnan(array).all(axis=1) for label, array in distances.items()}
    _explain_gaps(result, theme, learned, farthest)
    result.update_layout(showlegend=True, legend=legend(theme))
    layers = np.arange(1, blocks + 1)
    result.update_xaxes(
        range=[0.5, blocks + 0.5], tickvals=layers, ticktext=[f"layer {layer}" for layer in layers], showgrid=False
    )
    result.update_yaxes(range=[0, farthest], title_text=f"mean distance, {unit}", showgrid=True, nticks=6)
    return result


def _heads(result: go.Figure, label: str, array: np.ndarray, offset: float, unit: str) -> None:
    layer, head = np.nonzero(np.isfinite(array))
    result.add_trace(
        go.Scatter(
            x=layer + 1 + offset, y=array[layer, head], mode="markers", name=label, legendgroup=label,
            marker=dict(size=10, color=with_alpha(model_colour(label), 0.85), line=dict(width=0)),
            customdata=np.stack([layer + 1, head + 1], axis=1),
            hovertemplate=label + ", layer %{customdata[0]}, head %{customdata[1]}<br>looks %{y:.1f} " + unit
            + " away on average<extra></extra>",
        )
    )


def _means(result: go.Figure, label: str, array: np.ndarray, offset: float, apart: float) -> None:
    xs, ys = [], []
    for layer, heads in enumerate(array, start=1):
        if np.isfinite(heads).all():
            xs += [layer + offset - apart * 0.4, layer + offset + apart * 0.4, None]
            ys += [heads.mean(), heads.mean(), None]
    result.add_trace(
        go.Scatter(
            x=xs, y=ys, mode="lines", line=dict(color=model_colour(label), width=3), legendgroup=label,
            showlegend=False, hoverinfo="skip",
        )
    )


def _explain_gaps(result: go.Figure, theme: Theme, learned: Mapping[str, np.ndarray], farthest: float) -> None:
    """Says why a model has no dots in some layers."""
    for label, layers in learned.items():
        if layers.any():
            first, last = np.flatnonzero(layers)[[0, -1]] + 1
            result.add_shape(
                type="rect", x0=first - 0.45, x1=last + 0.45, y0=0, y1=farthest, layer="below", line_width=0,
                fillcolor=with_alpha(theme.muted, 0.09),
            )
            result.add_annotation(
                x=(first + last) / 2, y=farthest, yanchor="top", showarrow=False,
                text=f"{label}: learned tokens here,<br>with no place in the picture",
                font=dict(size=12, color=theme.muted),
            )
