"""The panels of the Explore page: the page is this list."""

from typing import NamedTuple

from vitviz.ui.panels import answers, attention, curves, positions, timing, tokens, weight_maps
from vitviz.ui.panels.panel import Panel, show


class Row(NamedTuple):
    """A row of columns; each column has panels from top to bottom."""

    widths: tuple[float, ...]
    columns: tuple[tuple[Panel, ...], ...]


ROWS = (
    Row((0.665, 0.335), ((attention.PANEL,), (weight_maps.PANEL, answers.PANEL))),
    Row((0.225, 0.25, 0.26, 0.265), ((tokens.PANEL,), (positions.PANEL,), (curves.PANEL,), (timing.PANEL,))),
)
PANELS = tuple(panel for row in ROWS for column in row.columns for panel in column)

__all__ = ["PANELS", "ROWS", "Panel", "show"]
