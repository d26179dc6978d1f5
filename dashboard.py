"""The router: which pages there are, and what every page shares. Start it with `streamlit run dashboard.py`."""

import streamlit as st

from vitviz.ui import frame
from vitviz.ui.pages import explore, time_machine, train

frame.begin()
explore_page = st.Page(explore.show, title="Explore", icon=":material/visibility:", url_path="explore", default=True)
train_page = st.Page(train.show, title="Train", icon=":material/model_training:", url_path="train")
machine_page = st.Page(time_machine.show, title="Time machine", icon=":material/history:", url_path="time_machine")
st.session_state["_explore"] = explore_page  # pages link to one another by these objects
st.session_state["_time_machine"] = machine_page
st.navigation([explore_page, train_page, machine_page], position="top").run()
