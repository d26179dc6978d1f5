"""Where everything begins: `streamlit run dashboard.py` starts the server, and every visit runs this file as a page."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

if get_script_run_ctx(suppress_warning=True) is None:
    # `streamlit run` looks for an application by this name. Nothing else is imported here: the server listens at once
    from vitviz.ui import serving

    app = st.App(__file__, routes=serving.pages(), lifespan=serving.readied)
else:
    from vitviz.ui import router

    router.run()
