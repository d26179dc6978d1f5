"""Small pieces of the page that Streamlit has no widget for. Plain JavaScript and CSS in files of their own."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent


def register(name: str):
    """The component of `<name>.js`, with `<name>.css` where there is one."""
    style = _HERE / f"{name}.css"
    return st.components.v2.component(
        f"vitviz_{name}",
        html="<div class='root'></div>",
        css=style.read_text(encoding="utf-8") if style.exists() else None,
        js=(_HERE / f"{name}.js").read_text(encoding="utf-8"),
    )
