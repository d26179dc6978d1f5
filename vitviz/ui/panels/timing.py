"""What each model costs: time measured, operations counted."""

from __future__ import annotations

import streamlit as st

from vitviz.analysis.operations import layers
from vitviz.figures.layer_costs import layer_costs
from vitviz.figures.timing import ratio, step_time, total_time
from vitviz.ui.panels.choice import choice
from vitviz.ui.panels.panel import Panel, chart
from vitviz.ui.scene import Scene

HEIGHT = 262
VIEWS = ["ratio", "step", "total", "MACs", "weights", "layers"]


def _render(scene: Scene) -> None:
    view = choice("View", VIEWS, key="timing_view")
    if view == "layers":
        st.dataframe(_data(scene), height=HEIGHT, hide_index=True, key="timing-layers", column_config=_COLUMNS)
    else:
        alt = f"Timing of both models: {view}"
        chart(lambda: _figure(scene, view), scene, "timing", alt, switches=(view,), reads=("ViT", "fast ViT"))
    st.caption(_measured_on(scene))


def _figure(scene: Scene, view: str):
    runs, theme = scene.runs, scene.theme
    if view == "step":
        return step_time({label: run.timing["step_ms"] for label, run in runs.items()}, theme, height=HEIGHT)
    if view == "total":
        parts = {
            label: {
                "set-up": run.timing["setup_seconds"],
                "compilation": run.timing["compile_seconds"],
                "training": run.timing["train_seconds"],
            }
            for label, run in runs.items()
        }
        return total_time(parts, theme, height=HEIGHT)
    if view in ("MACs", "weights"):
        rows = {label: layers(run.model) for label, run in runs.items()}
        return layer_costs(rows, theme, what="macs" if view == "MACs" else "params", height=HEIGHT)
    measured, quartiles, counted = ratios(scene)
    return ratio(theme, measured=measured, quartiles=quartiles, counted=counted, height=HEIGHT)


def ratios(scene: Scene) -> tuple[float | None, tuple[float, float] | None, float | None]:
    """Fast ViT over ViT: a step's time with its quartiles, and the operations of one picture.

    The time is the paired measurement where these two were trained side by side, and else the quotient of the two
    medians, which were taken at different moments and have no quartiles.
    """
    vit, fast = scene.pair.vit, scene.pair.fast
    if vit is None or fast is None:
        return None, None, None
    counted = fast.operations["macs"] / vit.operations["macs"]
    paired = fast.timing.get("pair")
    if paired and paired.get("other") == vit.id:
        return paired["ratio"], (paired["q1"], paired["q3"]), counted
    return fast.timing["step_ms"]["median"] / vit.timing["step_ms"]["median"], None, counted


def _measured_on(scene: Scene) -> str:
    run = next(iter(scene.runs.values()))
    machine = run.timing.get("machine", {})
    where = f"{machine.get('cpu', 'unknown processor')}, {machine.get('cores', '?')} cores"
    paired = scene.pair.fast is not None and ratios(scene)[1] is not None
    how = "the two took turns in slices of time" if paired else "timed at different moments: take the ratio with care"
    return f"Batch {run.train.batch_size} on {where}" + (f"; {how}." if len(scene.runs) == 2 else ".")


_COLUMNS = {
    "params": st.column_config.NumberColumn("parameters", format="localized"),
    "macs": st.column_config.NumberColumn("multiply–accumulates", format="localized"),
}


def _data(scene: Scene) -> list[dict[str, object]]:
    return [
        {
            "model": label,
            "layer": row.name,
            "output": "×".join(map(str, row.output_shape)),
            "params": row.params,
            "macs": row.macs,
        }
        for label, run in scene.runs.items()
        for row in layers(run.model)
    ]


PANEL = Panel(
    key="timing",
    title="Timing",
    sentence="What the fast ViT saves: time as measured, operations as counted, and what the tutorial published.",
    more=r"""
**Measured**: the median duration of a training step, with quartiles; compilation and set-up are kept apart. A pair
is trained in one process by turns of a quarter of a second, so that whatever else the machine does hits both alike.

**Counted**: multiply–accumulates of one picture's forward pass, every matrix product and convolution, attention
included; elementwise work is not counted. One block at $T$ tokens of width $D$, with $H$ heads of width $d$ and $F$
hidden units:

$$T\,(4 D H d + 2 D F) + 2\,T^2 H d$$

After a TokenLearner $T$ falls to `n_maps`, which is where the saving comes from. Time falls less than operations do:
small products leave a processor waiting.

**The tutorial's** 0.636 is 436.4 s over 686.4 s of training, patch 5, 4 maps, on another machine.
""",
    render=_render,
    data=_data,
    needs_traces=False,
)
