"""How alike the learned vectors of the places are."""

from __future__ import annotations

import numpy as np
import streamlit as st

from vitviz.analysis.similarity import cosine_similarity
from vitviz.figures.similarity import position_similarity_grids
from vitviz.ui.panels.panel import Panel, chart
from vitviz.ui.positions_view import positions_view
from vitviz.ui.scene import Scene

HEIGHT = 212  # pixels
CAPTION = "Alike embeddings show what was learned about places, not that an answer relies on it."


def _render(scene: Scene) -> None:
    similarities = {label: cosine_similarity(trace.position_embedding) for label, trace in scene.traces.items()}
    config = scene.config
    with st.container(key="positions-body"):
        positions_view(similarities, grid=config.grid, patch_size=config.patch_size)
        chart(
            lambda: position_similarity_grids(similarities, config.grid, scene.theme, height=HEIGHT),
            scene,
            "positions",
            f"For every patch, the cosines of its positional embedding with all others: {' and '.join(similarities)}",
            reads=("ViT", "fast ViT"),
        )
    st.caption(CAPTION)


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
    sentence="What each model learned about places, for the patch under the pointer and for all: alike means near.",
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
