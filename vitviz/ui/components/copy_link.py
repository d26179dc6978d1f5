"""A button that copies the address of this very view."""

from __future__ import annotations

from collections.abc import Mapping

from vitviz.ui.components import register

_component = register("copy_link")


def copy_link(extra: Mapping[str, str], *, note: str = "", key: str = "copy_link") -> None:
    """Copies the page's address, with the parameters `extra` added, to the clipboard.

    The controls keep themselves in the address; `extra` names what they do not, such as the runs shown. `note`
    is said after copying.
    """
    _component(data={"extra": dict(extra), "note": note}, key=key)
