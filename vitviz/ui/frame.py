"""What every page shares: the browser's title, the style sheet, the start of the warm-up."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from vitviz.figures.theme import DARK, LIGHT, Theme
from vitviz.ui import warm
from vitviz.ui.components import compact
from vitviz.ui.serving import TITLE

ABOUT = (
    "**vitviz**: look inside a Vision Transformer, and see with your own eyes what a TokenLearner changes, "
    "in pictures, in accuracy and in time.\n\nNothing leaves this computer: pictures that you open are read by "
    "the models here and forgotten when you close the page."
)
STYLE = compact((Path(__file__).parent / "style.css").read_text(encoding="utf-8"))


def begin() -> None:
    """Called first in every run of every page."""
    warm.start()
    st.set_page_config(
        page_title=TITLE,
        page_icon=str(Path(__file__).parent / "icon.svg"),
        layout="wide",
        menu_items={"About": ABOUT},
    )
    # The theme's colours are not CSS variables of the page: the style sheet gets those that it needs
    now = theme()
    colours = {
        "ground": now.background,
        "surface": now.surface,
        "text": now.text,
        "muted": now.muted,
        "line": now.grid,
        "accent": now.accent,
    }
    variables = "".join(f"--vv-{name}:{colour};" for name, colour in colours.items())
    st.html(f"<style>:root{{{variables}}}{STYLE}</style>")


def theme() -> Theme:
    """The theme of the visitor's page, for figures."""
    return DARK if st.context.theme.type == "dark" else LIGHT
