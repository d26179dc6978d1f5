"""The component in the browser. Its scripts are joined as those of the attention explorer are, and share some."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

import streamlit as st

from vitviz.ui import scripts
from vitviz.ui.time_machine.films import Training
from vitviz.ui.time_machine.fixed_pictures import FixedPictures
from vitviz.ui.time_machine.payload import Frames, pack
from vitviz.ui.time_machine.view import View

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "vitviz_time_machine",
    html=(_HERE / "machine.html").read_text(encoding="utf-8"),
    css=(_HERE / "machine.css").read_text(encoding="utf-8"),
    js=scripts.importing("machine.js"),
)


def time_machine(
    training: Training,
    frames: Mapping[str, Frames],
    pictures: FixedPictures,
    picture: int,
    *,
    view: View,
    key: str = "machine",
    on_view: Callable[[], None],
    on_picture: Callable[[], None],
) -> None:
    """Shows all frames of one picture.

    Args:
        frames: those of each model, by its label.
        view: what to show at first; later runs do not read it.
        on_view: called after a person changed the view: `viewed(key)` is it now.
        on_picture: called after a person chose another picture: `chosen_picture(key)` is it.
    """
    asked = _Asked.of(key)
    asked.at_first(training.address, view, known=bool(st.session_state.get(key)))
    extra = {"key": key, "request": {"id": asked.request, "view": asked.shown.to_dict()}}
    _component(
        key=key,
        data=pack(training, frames, pictures, picture, extra),
        on_view_change=on_view,
        on_picture_change=on_picture,
    )


def viewed(key: str = "machine") -> View | None:
    """What the browser last reported; None where that is out of date."""
    reported = (st.session_state.get(key) or {}).get("view")
    current = isinstance(reported, dict) and reported.get("request") == _Asked.of(key).request
    return View.read(reported) if current else None


def chosen_picture(key: str = "machine") -> int | None:
    """The picture that was pressed in this run, if any."""
    picked = (st.session_state.get(key) or {}).get("picture")
    return picked if isinstance(picked, int) else None


class _Asked:
    """What the page last asked the machine to show. The browser obeys each request once, and then the person."""

    def __init__(self) -> None:
        self.request = ""
        self.shown = View()
        self.training = ""
        self.known = False  # the browser has reported a state

    @staticmethod
    def of(key: str) -> _Asked:
        return st.session_state.setdefault(f"{key}:asked", _Asked())

    def at_first(self, training: str, view: View, known: bool) -> None:
        forgotten = self.known and not known  # the machine was away, and Streamlit dropped its state
        if training != self.training or forgotten:
            self.request, self.shown, self.training = secrets.token_hex(4), view, training
        self.known = known
