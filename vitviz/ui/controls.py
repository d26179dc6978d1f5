"""The controls that choose the models: patch size, n_maps and, less often, the family. All of them are in the link."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from vitviz.ui.catalogue import Catalogue, Family, Pair


def family(found: Catalogue) -> Family:
    """Which family of models: chosen rarely, hence meant for a popover."""
    _settle("models", list(found.families))
    key = st.selectbox(
        "Models",
        list(found.families),
        format_func=lambda key: found.families[key].title,
        key="models",
        bind="query-params",
        help="Runs that differ in patch size and n_maps alone: same network, same data, same training.",
    )
    return found.families[key]


def patch_size(chosen: Family) -> int:
    """The patch size, in pixels."""
    return _slider(
        "Patch size",
        chosen.patch_sizes(),
        key="patch_size",
        middle=7,
        help="The side of a patch in pixels. Small patches: many tokens, fine detail, more work.",
    )


def n_maps(chosen: Family, patch: int) -> int | None:
    """How many maps the fast ViT's TokenLearner has; None in a family without a fast ViT."""
    options = chosen.n_maps(patch)
    if not options:
        st.select_slider(
            "n_maps", ["none"], disabled=True, key="no_maps", help="These models were trained without a TokenLearner."
        )
        return None
    return _slider(
        "n_maps",
        options,
        key="n_maps",
        middle=8,
        help="How many learned tokens the fast ViT goes on with after its TokenLearner.",
    )


def pair(chosen: Family, patch: int, maps: int | None) -> Pair:
    """The two runs of these settings. A link may name runs; they go before newer ones that are alike."""
    wanted = str(st.query_params.get("runs", "")).split("~")
    return chosen.pair(patch, maps, wanted)


def _slider(label: str, options: Sequence[int], *, key: str, middle: int, help: str) -> int:
    _settle(key, options)
    default = min(options, key=lambda option: abs(option - middle))
    if len(options) == 1:
        # a slider needs two ends; a list of one still says what it is
        return st.selectbox(label, options, key=key, bind="query-params", help=help)
    return st.select_slider(label, options, value=default, key=key, bind="query-params", help=help)


def _settle(key: str, options: Sequence) -> None:
    """Moves a choice that is no longer offered to the nearest one that is."""
    value = st.session_state.get(key)
    if value is None or value in options:
        return
    if isinstance(value, int) and not isinstance(value, bool):
        st.session_state[key] = min(options, key=lambda option: abs(option - value))
    else:
        del st.session_state[key]
