"""A panel: one kind of picture, with the words that go with it, and when it applies."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from vitviz.ui import caches
from vitviz.ui.charts.plot import Drawing, drawing_of, plot
from vitviz.ui.scene import EVERYTHING, Scene, name_for_file

Rows = Sequence[Mapping[str, object]]


def always(scene: Scene) -> str | None:
    """For a panel that applies whenever the models could be traced."""
    return None


@dataclass(frozen=True)
class Panel:
    """What the page needs to know of a panel.

    Attributes:
        key: the container on the page is `panel-<key>`.
        sentence: what one sees, in one plain sentence.
        more: Markdown behind "More": the formula, the shapes, the source.
        render: draws the panel's body into the place where it is called.
        data: what is drawn, to be saved: arrays become an NPZ file, rows a CSV file.
        applies: None, or the reason why there is nothing to show.
        needs_traces: False for what is known from the runs alone, before TensorFlow is there.
    """

    key: str
    title: str
    sentence: str
    more: str
    render: Callable[[Scene], None]
    data: Callable[[Scene], Mapping[str, np.ndarray] | Rows]
    applies: Callable[[Scene], str | None] = always
    needs_traces: bool = True


def show(panel: Panel, scene: Scene) -> None:
    """The panel's head and body; call it inside the panel's container."""
    with st.container(horizontal=True, vertical_alignment="top", gap="small", wrap=False, key=f"head-{panel.key}"):
        st.html(
            f'<div class="vv-head"><h3>{html.escape(panel.title)}</h3><p>{html.escape(panel.sentence)}</p></div>',
            width="stretch",
        )
        _more(panel, scene)
    nothing = "No model of this setting can be read." if panel.needs_traces and not scene.traces else None
    reason = nothing or panel.applies(scene)
    if reason:
        st.html(f'<p class="vv-reason">{html.escape(reason)}</p>')
        return
    panel.render(scene)


def chart(
    make: Callable[[], go.Figure],
    scene: Scene,
    key: str,
    alt: str,
    *,
    switches: Sequence[object] = (),
    reads: Collection[str] = EVERYTHING,
) -> None:
    """A figure in its place, drawn once for every visitor who asks for the same.

    `switches` are the panel's own settings that the drawing depends on; `reads`, which models, and whether the
    picture. Leave out what does not matter: a chart that stays the same costs no drawing.
    """

    def draw() -> Drawing:
        return drawing_of(make().update_layout(meta=scene.name_of(reads)))  # what it shows: bench/pages.py asks

    drawing = caches.figure_of((key, tuple(switches), scene.identity(reads)), draw)
    name, form = name_for_file(scene, key, reads), st.session_state.get("format", "png")
    plot(drawing, key=key, alt=alt, name=name, format=form)


def _more(panel: Panel, scene: Scene) -> None:
    with st.popover("More", type="tertiary", key=f"more-{panel.key}"):
        st.markdown(panel.more)
        st.caption(f"Shown here: {scene.source}.")
        if not panel.needs_traces or (scene.traces and not panel.applies(scene)):
            _save(panel, scene)


def _save(panel: Panel, scene: Scene) -> None:
    data = panel.data(scene)
    tabular = not isinstance(data, Mapping)
    st.download_button(
        "Save the data as CSV" if tabular else "Save the data as NPZ",
        data=(lambda: as_csv(data)) if tabular else (lambda: as_npz(data)),
        file_name=f"{name_for_file(scene, panel.key)}.{'csv' if tabular else 'npz'}",
        mime="text/csv" if tabular else "application/octet-stream",
        on_click="ignore",
        icon=":material/download:",
        key=f"save-{panel.key}",
    )


def as_csv(rows: Rows) -> str:
    """Rows as a CSV text; the columns are the names of all rows, in their order."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Arrays as a compressed NPZ file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()
