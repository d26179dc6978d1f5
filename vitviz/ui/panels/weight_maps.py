"""What the TokenLearner picks from the picture."""

from __future__ import annotations

import numpy as np
import streamlit as st

from vitviz.analysis.maps import overlap, statistics
from vitviz.analysis.similarity import cosine_similarity, mean_of_pairs
from vitviz.figures.similarity import cosine_matrix, overlap_matrix
from vitviz.figures.weight_maps import weight_maps
from vitviz.trace import Trace
from vitviz.ui.panels.choice import choice
from vitviz.ui.panels.panel import Panel, chart
from vitviz.ui.scene import Scene

HEIGHT = 228
VIEWS = ["maps", "overlap", "tokens", "numbers"]


def _applies(scene: Scene) -> str | None:
    if scene.pair.fast is None:
        return "There is no fast ViT of this setting here, and a ViT has no TokenLearner: all patches go all the way."
    if "fast ViT" not in scene.traces:
        return "The fast ViT's weights cannot be read, so its maps cannot be shown."
    return None


def _render(scene: Scene) -> None:
    trace = scene.traces["fast ViT"]
    with st.container(horizontal=True, gap="small", key="pick-weight-maps"):
        view = choice("View", VIEWS, key="maps_view")
        # colours up to each map's own maximum: shows the form of weak maps too
        each = view == "maps" and st.toggle("own scales", key="own_scales", bind="query-params")
    if view == "numbers":
        st.dataframe(_rows(trace), height=HEIGHT, hide_index=True, key="maps-numbers", column_config=_COLUMNS)
    else:
        alt = f"{trace.config.n_maps} weight maps: {view}"
        reads = ("fast ViT", "picture")
        chart(lambda: _figure(scene, trace, view, each), scene, "weight-maps", alt, switches=(view, each), reads=reads)
    st.caption(reading(trace) + second(trace))


def _figure(scene: Scene, trace: Trace, view: str, each: bool):
    if view == "overlap":
        return overlap_matrix(overlap(trace.weight_maps), scene.theme, height=HEIGHT)
    if view == "tokens":
        return cosine_matrix(cosine_similarity(trace.learned_tokens), scene.theme, height=HEIGHT)
    return weight_maps(
        trace.image, trace.weight_maps, trace.config, scene.theme, scale="each" if each else "shared", height=HEIGHT
    )


def reading(trace: Trace) -> str:
    """What the numbers say about these maps, in a sentence."""
    count = trace.config.n_maps
    coverage = float(statistics(trace.weight_maps).coverage.mean())
    if count == 1:
        return f"One map, which uses {coverage:.0%} of the picture: everything goes on in a single token."
    shared = mean_of_pairs(overlap(trace.weight_maps))
    alike = mean_of_pairs(cosine_similarity(trace.learned_tokens))
    numbers = (
        f"Two maps share {shared:.0%} of their weight on average, and two learned tokens have a cosine of {alike:.2f}."
    )
    if shared > 0.9 and alike > 0.95:
        return f"{numbers} They are nearly alike: {count} tokens carry little more than one would."
    if shared > 0.9:
        return f"{numbers} The maps look alike, but the tokens still differ: small differences in weight matter here."
    if alike > 0.95:
        return f"{numbers} The maps differ, yet the tokens made from them are nearly the same."
    return f"{numbers} The maps divide the work: a map uses {coverage:.0%} of the picture on average."


def second(trace: Trace) -> str:
    """Where the maps of a second TokenLearner are, if the model has one: they are not among those shown here."""
    if trace.second_weight_maps is None:
        return ""
    return (
        f" These are the first TokenLearner's; those of the second, after block {trace.config.fuse_after}, are in the "
        "saved data and under the attention."
    )


def _rows(trace: Trace) -> list[dict[str, float]]:
    found = statistics(trace.weight_maps)
    return [
        {
            "map": index + 1,
            "mean": float(found.mean[index]),
            "entropy": float(found.entropy[index]),
            "coverage": float(found.coverage[index]),
        }
        for index in range(trace.config.n_maps)
    ]


_COLUMNS = {
    "map": st.column_config.NumberColumn("Map", width="small"),
    "mean": st.column_config.NumberColumn("Mean weight", format="%.3f"),
    "entropy": st.column_config.NumberColumn("Entropy", format="%.3f", help="0: one patch; 1: the same everywhere"),
    "coverage": st.column_config.NumberColumn("Coverage", format="percent", help="Effective share of the picture"),
}


def _data(scene: Scene) -> dict[str, np.ndarray]:
    trace = scene.traces["fast ViT"]
    found = statistics(trace.weight_maps)
    later = {"second_weight_maps": trace.second_weight_maps, "second_learned_tokens": trace.second_learned_tokens}
    return {
        "weight_maps": trace.weight_maps,
        "learned_tokens": trace.learned_tokens,
        "overlap": overlap(trace.weight_maps),
        "learned_token_cosine": cosine_similarity(trace.learned_tokens),
        "mean": found.mean,
        "entropy": found.entropy,
        "coverage": found.coverage,
        **{name: array for name, array in later.items() if array is not None},
    }


PANEL = Panel(
    key="weight-maps",
    title="Learned weight maps",
    sentence="What the TokenLearner gathers into each learned token: bright patches weigh more in it.",
    more=r"""
**TokenLearner.** A small network looks at all tokens $X$ and gives every place a weight in each of `n_maps` maps. A
learned token is the weighted mean of the tokens; from here on, only these few go on.

$$A = s(X) \in \mathbb{R}^{T \times M}, \qquad z_i = \frac{1}{T}\sum_p A[p, i]\, X[p]$$

In **v1**, $s$ is a stack of 3×3 convolutions that ends with a sigmoid, so every weight is in $[0, 1]$ on its own. In
**v1.1**, $s$ is an MLP with a softmax over the places: each map sums to 1, and the sum replaces the mean.

**Overlap** of two maps: the weight that they put on the same patches, $\sum_p \min(\tilde A_{pi}, \tilde A_{pj})$, each
map scaled to sum 1. **Entropy**: 0, all on one patch; 1, the same everywhere. **Coverage**: effective number of
patches, $1 / \sum_p \tilde A_{pi}^2$, as a share of all.

Ryoo et al. 2021, *TokenLearner*, [arXiv 2106.11297](https://arxiv.org/abs/2106.11297).
""",
    render=_render,
    data=_data,
    applies=_applies,
)
