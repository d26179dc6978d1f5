"""The way to the time machine from other pages."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from vitviz.live import Snapshots
from vitviz.runs import RunRecord
from vitviz.ui.time_machine.films import EPOCHS


def link_to(runs: Iterable[RunRecord]) -> None:
    """A link that opens the first of these runs that has kept its epochs; nothing where none has."""
    kept = next((run.id for run in runs if run.path and Snapshots(run.path / EPOCHS).epochs()), None)
    page = st.session_state.get("_time_machine")
    if kept is not None and page is not None:
        st.page_link(page, label="Epoch by epoch", icon=":material/history:", query_params={"run": kept})
