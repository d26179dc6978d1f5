"""The router: which pages there are, and what every page shares. Start it with `streamlit run dashboard.py`."""

import streamlit as st

from vitviz.ui import frame
from vitviz.ui.pages import explore, train

frame.begin()
explore_page = st.Page(explore.show, title="Explore", icon=":material/visibility:", url_path="explore", default=True)
train_page = st.Page(train.show, title="Train", icon=":material/model_training:", url_path="train")
st.session_state["_explore"] = explore_page  # pages link to one another by these objects
st.navigation([explore_page, train_page], position="top").run()
