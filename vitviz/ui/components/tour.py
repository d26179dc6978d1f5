"""A tour of the page, for a first visit: at most five cards, each beside the thing that it speaks of."""

from __future__ import annotations

from collections.abc import Sequence

from vitviz.ui.components import register

_component = register("tour")


def tour(steps: Sequence[tuple[str, str, str]], *, key: str = "tour") -> None:
    """Shows the tour once to each browser, which remembers that it did; a button shows it again.

    Args:
        steps: `(selector, title, text)`; a step whose place is not on the page is left out.

    Raises:
        ValueError: more than five steps.
    """
    if len(steps) > 5:
        raise ValueError(f"A tour has at most five steps, not {len(steps)}: nobody reads a sixth.")
    _component(
        data={"steps": [{"selector": selector, "title": title, "text": text} for selector, title, text in steps]},
        key=key,
    )
