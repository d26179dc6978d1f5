"""The smallest page with a Plotly chart: what a new visitor waits for in any case (see `bench.pages`)."""

import plotly.graph_objects as go
import streamlit as st

st.plotly_chart(go.Figure(data=[{"type": "heatmap", "z": [[1, 2], [3, 4]]}]))
