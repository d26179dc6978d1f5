"""What is set rarely, in a popover: the family of models, the form of saved pictures, a setting of one's own."""

from __future__ import annotations

import html

import streamlit as st

from vitviz.config import ConfigError
from vitviz.ui import controls, lacking, trainings
from vitviz.ui.catalogue import Catalogue, Family
from vitviz.ui.train_offer import train_here

MOST_MAPS = 1024


def family(found: Catalogue) -> Family:
    """Shows the choice of a family with what there is to know about it, and returns it."""
    chosen = controls.family(found)
    sizes = ", ".join(map(str, chosen.patch_sizes()))
    runs = "1 run" if len(chosen.runs) == 1 else f"{len(chosen.runs)} runs"
    st.caption(f"{chosen.title}. {runs}, patch size {sizes}.")
    for line in lacking.reasons(chosen):
        st.html(f'<p class="vv-note">{line}</p>')
    told = set(chosen.lacking.values())
    for id, reason in found.damaged.items():
        if reason not in told:
            st.html(f'<p class="vv-note"><b>{html.escape(id)}</b> cannot be used: {html.escape(reason)}</p>')
    return chosen


def picture_format() -> None:
    """In which form the camera button of a picture saves it; `format` in the session."""
    st.segmented_control(
        "Pictures are saved as",
        ["png", "svg"],
        default="png",
        required=True,
        key="format",
        bind="query-params",
        format_func=str.upper,
        help="With the camera button that appears over a picture.",
    )


def another_setting(chosen: Family, patch: int, maps: int | None) -> None:
    """Offers to train a setting over which the sliders do not move, like the rest of the family."""
    model = chosen.example.model
    with st.expander("Another setting", icon=":material/add:", key="another-setting", on_change="rerun") as more:
        if not more.open:
            return
        left, right = st.columns(2, wrap=False)
        most = max(model.image_size // 2, patch)
        size = left.number_input("Patch size", 2, most, value=patch, key="other_patch_size")
        count = right.number_input("n_maps", 1, MOST_MAPS, value=maps or 1, key="other_n_maps")
        try:
            wanted = chosen.plain(size).fast(count)
        except ConfigError as error:
            st.html(f'<p class="vv-note">{html.escape(str(error))}</p>')
            return
        pair = chosen.pair(wanted.patch_size, wanted.n_maps)
        if pair.vit is not None and pair.fast is not None:
            st.html('<p class="vv-note">Both models of this setting are here: move the sliders to it.</p>')
            return
        if trainings.at_work() is not None:
            st.html('<p class="vv-note">A training is at work: the next one can be started when it has ended.</p>')
            return
        train_here(chosen, size, count)
