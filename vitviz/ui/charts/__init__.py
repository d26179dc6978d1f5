"""Plotly charts that change in their place.

Streamlit's own element sets a chart up anew whenever a letter of its figure changes, and its script holds every kind
of chart that Plotly knows, 4.7 MB of it. Here the same chart goes from one figure to the next, with Plotly's own
bundle of cartesian charts, 1.5 MB (bench/NOTES.md, "Pages").
"""
