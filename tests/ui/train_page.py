"""The Train page by itself, as a script for Streamlit's AppTest."""

from vitviz.ui.pages import explore, train

if __name__ == "__main__":
    import streamlit as st

    st.session_state["_explore"] = st.Page(explore.show, title="Explore", default=True)
    train_page = st.Page(train.show, title="Train", url_path="train")
    st.navigation([train_page, st.session_state["_explore"]], position="hidden")
    train.show()
