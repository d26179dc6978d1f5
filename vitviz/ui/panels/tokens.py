"""From a picture to a sequence of tokens."""

from __future__ import annotations

import html

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from vitviz.figures.together import Place, together
from vitviz.figures.tokens import patches_apart, picture_under_grid, token_sequence
from vitviz.trace import Trace
from vitviz.ui.panels.panel import Panel, chart
from vitviz.ui.scene import Scene

HEIGHT = 250  # pixels
UNDER_GRID, APART = Place(0.0, 0.48, 0.43, 1.0), Place(0.52, 1.0, 0.43, 1.0)
SEQUENCE = Place(0.09, 0.97, 0.0, 0.36)


def _render(scene: Scene) -> None:
    label, trace = next(iter(scene.traces.items()))
    reads = (label, "picture")  # both models cut the picture alike
    chart(
        lambda: _figure(trace, scene),
        scene,
        "tokens",
        "The picture under its patch grid, the patches taken apart, and the sequence in which they are read",
        reads=reads,
    )
    st.html(f'<p class="vv-shapes">{shapes(scene)}</p>')


def _figure(trace: Trace, scene: Scene) -> go.Figure:
    config, theme = trace.config, scene.theme
    return together(
        [
            (picture_under_grid(trace.image, config, theme), UNDER_GRID),
            (patches_apart(trace.patches, config, theme), APART),
            (token_sequence(trace.patches, config, theme), SEQUENCE),
        ],
        height=HEIGHT,
    )


def shapes(scene: Scene) -> str:
    """Every step in words, as HTML."""
    config = scene.config
    side, values = config.image_size, config.patch_values
    steps = [
        f"picture {side}×{side}×{config.channels}",
        f"{config.grid}×{config.grid} patches = {config.tokens}×{values}",
        f"tokens {config.tokens}×{config.width}",
    ]
    if scene.pair.fast is not None:
        fast = scene.pair.fast.model
        place = "before block 1" if fast.insert_after == 0 else f"after block {fast.insert_after}"
        steps.append(f"fast ViT {place}: {fast.n_maps}×{fast.width}")
    text = " → ".join(html.escape(step).replace(" ", "&nbsp;") for step in steps)
    covered = config.grid * config.patch_size
    if covered < side:
        lost = side * side - covered * covered
        text += f"<br>{lost} of {side * side} pixels are dropped: {config.patch_size} does not divide {side}."
    elif covered > side:
        text += f"<br>{covered - side} rows and columns of zeros fill the last patches."
    return text


def _data(scene: Scene) -> dict[str, np.ndarray]:
    arrays = {}
    for label, trace in scene.traces.items():
        name = label.replace(" ", "_").lower()
        arrays |= {"image": trace.image, "patches": trace.patches}
        arrays |= {f"{name}_tokens_{k}": array for k, array in enumerate(trace.tokens)}
    return arrays


PANEL = Panel(
    key="tokens",
    title="Tokens",
    sentence="The picture is cut into patches, and the patches are read one after the other, like words.",
    more=r"""
**From pixels to tokens.** A patch of $P \times P$ pixels with $C$ channels is a row of $P^2 C$ numbers. One matrix
$E$, the same for all patches, turns each row into a token of width $D$, and a learned vector for its place is added:

$$z_p = x_p E + b + e_p \qquad x_p \in \mathbb{R}^{P^2 C},\; z_p \in \mathbb{R}^{D}$$

Where $P$ does not divide the side of the picture, the rest at the right and at the bottom is dropped (hatched here),
or filled up with zeros if the model was told to pad. Patches are numbered row by row, from 0 at the top left.

Dosovitskiy et al. 2020, *An Image is Worth 16×16 Words*, [arXiv 2010.11929](https://arxiv.org/abs/2010.11929), §3.1.
""",
    render=_render,
    data=_data,
)
