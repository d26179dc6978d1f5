"""The pages. Everything that imports Streamlit is in this room and in dashboard.py."""
