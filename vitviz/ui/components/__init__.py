"""Small pieces of the page that Streamlit has no widget for. Plain JavaScript and CSS in files of their own."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent


def compact(text: str) -> str:
    """A script or style sheet without its comments and indents: Streamlit sends it all again with every run."""
    text = re.sub(r"^\s*/\*.*?\*/", "", text, flags=re.MULTILINE | re.DOTALL)
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def register(name: str):
    """The component of `<name>.js`, with `<name>.css` where there is one."""
    style = _HERE / f"{name}.css"
    return st.components.v2.component(
        f"vitviz_{name}",
        html="<div class='root'></div>",
        css=compact(style.read_text(encoding="utf-8")) if style.exists() else None,
        js=compact((_HERE / f"{name}.js").read_text(encoding="utf-8")),
    )
