"""How alike the learned vectors of the places are."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from vitviz.analysis.similarity import cosine_similarity
from vitviz.figures.similarity import position_similarity, position_similarity_grid
from vitviz.ui.panels.choice import choice
from vitviz.ui.panels.panel import Panel, chart
from vitviz.ui.pinned import pinned_patch
from vitviz.ui.scene import Scene

HEIGHT = 262


def _render(scene: Scene) -> None:
    with st.container(horizontal=True, gap="small", key="pick-positions"):
        model = choice("Model", list(scene.traces), key="positions_model")
        view = choice("View", ["all patches", "one patch"], key="positions_view")
    config = scene.config
    patch = pinned_patch(config)

    def draw() -> go.Figure:
        similarity = cosine_similarity(scene.traces[model].position_embedding)
        if view == "one patch":
            return position_similarity(similarity, patch, config.grid, scene.theme, height=HEIGHT)
        return position_similarity_grid(similarity, config.grid, scene.theme, height=HEIGHT)

    alt = f"Cosine similarity of positional embeddings, {model}, {view}"
    chart(draw, scene, "positions", alt, switches=(model, view, patch if view == "one patch" else None), reads=(model,))
    row, column = divmod(patch, config.grid)
    st.caption(
        f"The patch at row {row + 1}, column {column + 1}. Pin another one in the attention panel."
        if view == "one patch"
        else "Each small square belongs to the patch at its place, and shows that patch against all others."
    )


def _data(scene: Scene) -> dict[str, np.ndarray]:
    return {
        f"{label.replace(' ', '_').lower()}_{name}": array
        for label, trace in scene.traces.items()
        for name, array in (
            ("position_embedding", trace.position_embedding),
            ("cosine", cosine_similarity(trace.position_embedding)),
        )
    }


PANEL = Panel(
    key="positions",
    title="Positions",
    sentence="What the model learned about places: patches with alike positional embeddings count as neighbours.",
    more=r"""
**Cosine similarity of positional embeddings.** Each place has a learned vector $e_p \in \mathbb{R}^D$. Nobody tells
the model which places lie side by side; if neighbours come out alike, it found that in the pictures.

$$\cos(p, q) = \frac{e_p \cdot e_q}{\lVert e_p \rVert\, \lVert e_q \rVert} \in [-1, 1]$$

Shapes: embeddings (tokens × $D$), similarity (tokens × tokens). It belongs to the model, not to the picture.

Dosovitskiy et al. 2020, [arXiv 2010.11929](https://arxiv.org/abs/2010.11929), figure 7 (centre).
""",
    render=_render,
    data=_data,
)
