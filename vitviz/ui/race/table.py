"""A small table with a column for each model. No Streamlit here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vitviz.figures.palette import model_colour
from vitviz.ui.race.words import LABELS


def table(kinds: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    """As HTML. `kinds` are `vit` and `fast`; the cells of `rows` are HTML, one for each kind."""
    head = "".join(
        f'<th scope="col"><span class="vv-label" style="--model:{model_colour(kind)}">{LABELS[kind]}</span></th>'
        for kind in kinds
    )
    body = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        for name, cells in rows.items()
    )
    return f'<table class="vv-table"><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>'
