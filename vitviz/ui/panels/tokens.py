"""From a picture to a sequence of tokens."""

from __future__ import annotations

import html

import numpy as np
import streamlit as st

from vitviz.figures.tokens import patches_apart, picture_under_grid, token_sequence
from vitviz.ui.panels.panel import Panel, chart
from vitviz.ui.scene import Scene


def _render(scene: Scene) -> None:
    config, (label, trace) = scene.config, next(iter(scene.traces.items()))
    reads = (label, "picture")  # both models cut the picture alike
    left, right = st.columns(2, gap=None, wrap=False)
    with left:
        chart(
            lambda: picture_under_grid(trace.image, config, scene.theme, height=150),
            scene,
            "tokens-grid",
            "The picture under its patch grid",
            reads=reads,
        )
    with right:
        chart(
            lambda: patches_apart(trace.patches, config, scene.theme, height=150),
            scene,
            "tokens-apart",
            "The patches, taken apart",
            reads=reads,
        )
    chart(
        lambda: token_sequence(trace.patches, config, scene.theme, height=100),
        scene,
        "tokens-sequence",
        "The patches in the order in which the transformer reads them",
        reads=reads,
    )
    st.html(f'<p class="vv-shapes">{_shapes(scene)}</p>')


def _shapes(scene: Scene) -> str:
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
        steps.append(f"fast ViT after block {fast.insert_after}: {fast.n_maps}×{fast.width}")
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
