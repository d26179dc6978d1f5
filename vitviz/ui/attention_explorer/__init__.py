"""The attention explorer: hover a patch, and see at once where it looks in every layer and head.

The component is plain HTML, CSS and JavaScript. Its scripts are joined into one module (`scripts.py`): each may use
what the ones before it define, and only the last one exports.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from vitviz.ui import scripts
from vitviz.ui.attention_explorer.payload import ExplorerModel, pack
from vitviz.ui.attention_explorer.view import View
from vitviz.ui.components import compact

__all__ = ["ExplorerModel", "View", "attention_explorer", "show_view"]


def _source(name: str) -> str:
    return compact((Path(__file__).parent / name).read_text(encoding="utf-8"))


_component = st.components.v2.component(
    "vitviz_attention_explorer",
    html=_source("explorer.html"),
    css=_source("explorer.css"),
    js=scripts.importing("explorer.js"),
)


def attention_explorer(
    image: np.ndarray,
    models: Sequence[ExplorerModel],
    *,
    patch_size: int,
    colours: Sequence[str],
    view: View | None = None,
    key: str = "attention_explorer",
    on_change: Callable[[], None] | None = None,
    scene: str = "",
) -> View:
    """Shows the explorer and returns what is pinned and switched in it.

    Args:
        image: `(H, W, C)`, 0…255, as the models see it.
        models: one or two, cut into the same grid.
        patch_size: in pixels.
        colours: the stops of the sequential scale, low to high, `#rrggbb`.
        view: what to show at first, such as a link's; later runs do not read it (see `show_view`).
        key: one per explorer on a page.
        on_change: called before the page runs again after a person changed the view.
        scene: a name for what is shown, which the browser's element carries as `data-scene` once it is painted.

    Raises:
        ValueError: the arrays do not fit one another (see `pack`).
    """
    asked = _Asked.of(key)
    asked.at_first(view or View(), known=bool(st.session_state.get(key)))
    extra = {"key": key, "scene": scene, "request": {"id": asked.request, "view": asked.shown.to_dict()}}
    state = _component(
        key=key,
        data=pack(image, models, patch_size=patch_size, colours=colours, extra=extra),
        on_view_change=on_change or (lambda: None),
    )
    reported = state.get("view")
    # A report from before the latest request is out of date
    current = isinstance(reported, dict) and reported.get("request") == asked.request
    return View.read(reported) if current else asked.shown


def show_view(key: str, view: View) -> None:
    """Puts the explorer `key` into `view` at the next run, whatever it shows now (a tour's step, a reset)."""
    _Asked.of(key).force(view)


class _Asked:
    """What the page last asked an explorer to show. A request has an id, and the browser obeys each id once.

    The `view` argument is not compared with what was shown before: a run that Streamlit interrupts may have
    written half a view into the link, and the next run would ask for that half.
    """

    def __init__(self) -> None:
        self.request = ""
        self.shown = View()  # the view that goes with the request
        self.known = False  # the browser has reported a state

    @staticmethod
    def of(key: str) -> _Asked:
        return st.session_state.setdefault(f"{key}:asked", _Asked())

    def at_first(self, view: View, known: bool) -> None:
        forgotten = self.known and not known  # the explorer was away, and Streamlit dropped its state
        if not self.request or forgotten:
            self.force(view)
        self.known = known

    def force(self, view: View) -> None:
        self.request = secrets.token_hex(4)
        self.shown = view
