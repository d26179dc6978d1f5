"""Pictures: arrays in, Plotly figures out. One function per picture; Plotly and NumPy only."""
