"""A small switch inside a panel, kept in the address of the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st


def choice(label: str, options: Sequence[str], *, key: str, format_func: Callable[[str], str] = str) -> str:
    """One of a few options, the first by default. What is chosen is in the link under `key`."""
    if st.session_state.get(key) not in (*options, None):
        del st.session_state[key]  # chosen for another model or another set of options
    return st.segmented_control(
        label,
        options,
        default=options[0],
        required=True,
        key=key,
        format_func=format_func,
        label_visibility="collapsed",
        bind="query-params",
    )
