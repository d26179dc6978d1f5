"""Where every patch looks, in every layer and head."""

from __future__ import annotations

import numpy as np
import streamlit as st

from vitviz.analysis.attention_distance import attention_distance
from vitviz.figures.palette import SEQUENTIAL, model_colour
from vitviz.trace import Trace
from vitviz.ui.attention_explorer import ExplorerModel, View, attention_explorer
from vitviz.ui.panels.panel import Panel
from vitviz.ui.scene import Scene

EXPLORER = "attention_explorer"
PROVES_NOT = (
    "Attention shows where information may flow, not why the model answers as it does: maps that look convincing "
    "can be changed without changing the answer."
)


def _render(scene: Scene) -> None:
    models = [_explorer_model(label, trace) for label, trace in scene.traces.items()]
    view = attention_explorer(
        scene.picture.image,
        models,
        patch_size=scene.config.patch_size,
        colours=SEQUENTIAL,
        view=View.from_query(st.query_params),
        key=EXPLORER,
        on_change=_changed,
        scene=scene.name,
    )
    _keep_in_link(view)  # also when it came from a link and not from a hand
    st.caption(PROVES_NOT)


def _changed() -> None:
    """The pin or a switch was changed: the rest of the page stays, and the positions follow in the browser."""
    reported = st.session_state[EXPLORER].get("view")
    if reported is not None:
        _keep_in_link(View.read(reported))
    st.rerun(["fragment-attention"])


def _explorer_model(label: str, trace: Trace) -> ExplorerModel:
    distance = attention_distance(trace.config, trace.attention)
    return ExplorerModel.from_trace(trace, name=label, colour=model_colour(label), distance=distance)


def _keep_in_link(view: View) -> None:
    """Puts what is pinned and switched into the address, and takes what is at its default out of it."""
    for name, value in view.to_query().items():
        if value is None:
            st.query_params.pop(name, None)
        elif st.query_params.get(name) != value:
            st.query_params[name] = value


def _data(scene: Scene) -> dict[str, np.ndarray]:
    arrays = {}
    for label, trace in scene.traces.items():
        name = label.replace(" ", "_").lower()
        arrays |= {f"{name}_attention_{k}": array for k, array in enumerate(trace.attention)}
        arrays[f"{name}_mean_distance_patches"] = attention_distance(trace.config, trace.attention)
    return arrays


PANEL = Panel(
    key="attention",
    title="Attention",
    sentence="Where one patch looks, in every layer and head of both models: point at a patch.",
    more=r"""
**Scaled dot-product attention.** In each head, a query is compared with all keys, and the softmax makes shares of it:

$$A = \operatorname{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}}\right), \qquad \sum_q A[p, q] = 1$$

Shapes: one $T \times T$ matrix per layer and head; row = the patch that looks, column = the patch looked at. $T$ is
the number of patches, and after a TokenLearner `n_maps`: from there on, learned tokens look at learned tokens.

**What this does not prove.** Attention weights mix values that earlier layers have mixed already, and residual
connections carry the rest past them. Different attention can give the same answer (Jain & Wallace 2019,
[arXiv 1902.10186](https://arxiv.org/abs/1902.10186)); whether it explains depends on what is asked (Wiegreffe & Pinter
2019, [arXiv 1908.04626](https://arxiv.org/abs/1908.04626)).

**Rollout** multiplies the layers' mean attention, half of it passed straight on for the residual connection: Abnar &
Zuidema 2020, [arXiv 2005.00928](https://arxiv.org/abs/2005.00928). **Distance**: Dosovitskiy et al. 2020, figure 7.
Attention: Vaswani et al. 2017, [arXiv 1706.03762](https://arxiv.org/abs/1706.03762).
""",
    render=_render,
    data=_data,
)
