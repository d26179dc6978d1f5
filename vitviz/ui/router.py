"""The router: which pages there are, and what every page shares."""

import streamlit as st

from vitviz.ui import frame, serving
from vitviz.ui.pages import explore, time_machine, train


def run() -> None:
    """Runs the page that the address asks for."""
    frame.begin()
    pages = [
        st.Page(explore.show, title="Explore", icon=":material/visibility:", url_path=serving.EXPLORE, default=True),
        st.Page(train.show, title="Train", icon=":material/model_training:", url_path=serving.TRAIN),
        st.Page(time_machine.show, title="Time machine", icon=":material/history:", url_path=serving.TIME_MACHINE),
    ]
    for name, page in zip(("_explore", "_train", "_time_machine"), pages, strict=True):
        st.session_state[name] = page  # pages link to one another by these
    st.navigation(pages, position="top").run()
