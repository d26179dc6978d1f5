"""The controls that choose the models: patch size, n_maps and, less often, the family. All of them are in the link."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from vitviz.ui.catalogue import Catalogue, Family, Pair

FIRST_PATCH_SIZE, FIRST_MAPS = 4, 8  # of a first visit: the finest maps, and most that a TokenLearner saves
PATCH_HELP = "The side of a patch in pixels. Small patches: many tokens, fine detail, more work."
MAPS_HELP = "How many learned tokens the fast ViT goes on with after its TokenLearner."


def family(found: Catalogue) -> Family:
    """Which family of models: chosen rarely, hence meant for a popover. In the link by its key, as `models`."""
    keys = list(found.families)
    linked = st.query_params.get("models")
    if linked in keys and _link() != st.session_state.get("link_followed"):  # also by one who was here before
        st.session_state["family"] = linked
        st.session_state.pop("n_maps_at", None)  # the link says n_maps, too
    if st.session_state.get("family") not in keys:
        st.session_state["family"] = keys[0]
    # not bound to the address: that would put the long title there and not the key
    key = st.selectbox(
        "Models",
        keys,
        format_func=lambda key: found.families[key].title,
        key="family",
        persist_state="session",
        help="Runs that differ in patch size and n_maps alone: same network, same data, same training.",
    )
    if key != keys[0]:
        st.query_params["models"] = key
    else:
        st.query_params.pop("models", None)
    st.session_state["link_followed"] = _link()
    return found.families[key]


def go_to(query: dict[str, str]) -> None:
    """Moves the controls to what a link of `explore_query` names, as following it would."""
    st.session_state["patch_size"] = int(query["patch_size"])
    if "n_maps" in query:
        st.session_state["n_maps"] = st.session_state["n_maps_wanted"] = int(query["n_maps"])
    st.query_params["models"], st.query_params["runs"] = query["models"], query["runs"]


def _link() -> tuple[str | None, str | None]:
    return st.query_params.get("models"), st.query_params.get("runs")


def patch_size(chosen: Family) -> int:
    """The patch size, in pixels."""
    options = chosen.patch_sizes()
    if st.session_state.get("patch_size") not in (None, *options):
        st.session_state["patch_size"] = nearest(options, st.session_state["patch_size"])
    if len(options) == 1:
        _only("Patch size", options[0], key="patch_size", help=PATCH_HELP)
        return options[0]
    return st.select_slider(
        "Patch size",
        options,
        value=nearest(options, FIRST_PATCH_SIZE),
        key="patch_size",
        bind="query-params",
        help=PATCH_HELP,
    )


def n_maps(chosen: Family, patch: int) -> int | None:
    """How many maps the fast ViT's TokenLearner has; None in a family without a fast ViT.

    Where the number that the visitor wanted is not there for this patch size, the nearest one stands in, and the
    wanted one comes back with the next patch size that has it.
    """
    options = chosen.n_maps(patch)
    if not options:
        _only("n_maps", "none", key="n_maps", help="There is no fast ViT of this patch size here.")
        return None
    trained = [count for count in options if chosen.pair(patch, count).fast is not None] or options
    wanted = st.session_state.get("n_maps_wanted", FIRST_MAPS)
    moved = st.session_state.get("n_maps_at", (chosen.key, patch)) != (chosen.key, patch)
    if moved or st.session_state.get("n_maps") not in (None, *options):
        st.session_state["n_maps"] = nearest(trained, wanted)
    st.session_state["n_maps_at"] = (chosen.key, patch)
    default = nearest(trained, FIRST_MAPS)
    if len(options) == 1:
        _only("n_maps", default, key="n_maps", help=MAPS_HELP)
        return default
    chosen_maps = st.select_slider(
        "n_maps", options, value=default, key="n_maps", bind="query-params", help=MAPS_HELP, on_change=_want
    )
    st.session_state.setdefault("n_maps_wanted", chosen_maps)
    return chosen_maps


def _only(label: str, value: int | str, *, key: str, help: str) -> None:
    """A value that there is no other of, in the place of its slider: a slider of one stop is a dot in the void."""
    with st.container(key=key):
        st.html(f'<div class="vv-only" title="{help}"><span>{label}</span><b>{value}</b></div>')


def nearest(options: Sequence[int], value: int) -> int:
    """The option that is nearest to the value; of two, the larger one."""
    return min(options, key=lambda option: (abs(option - value), -option))


def _want() -> None:
    st.session_state["n_maps_wanted"] = st.session_state["n_maps"]


def pair(chosen: Family, patch: int, maps: int | None) -> Pair:
    """The two runs of these settings. A link may name runs; they go before newer ones that are alike."""
    wanted = str(st.query_params.get("runs", "")).split("~")
    return chosen.pair(patch, maps, wanted)
