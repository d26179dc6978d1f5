"""What a person has set in the time machine: small enough for a link, and read back with care."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# A pin is a pixel of the picture, "row,column", so that it keeps its place on another grid
RULES = {
    "epoch": r"\d{1,4}(\.\d{1,2})?",
    "pin": r"\d{1,4},\d{1,4}",
    "heads": r"mean|each",
    "overlay": r"on|off",
}


@dataclass(frozen=True, kw_only=True)
class View:
    """Where in time, and the switches. The names are those in a link.

    Attributes:
        epoch: such as "12" or, between two, "12.4"; None: the last.
        pin: the pinned patch, or None: the one under the pointer.
        heads: the mean of the heads, or each.
        overlay: the picture shows through the maps, "on" or "off".
    """

    epoch: str | None = None
    pin: str | None = None
    heads: str = "mean"
    overlay: str = "on"

    @classmethod
    def read(cls, values: Any) -> View:
        """From the browser's state or a link's parameters; what is missing or makes no sense keeps its default."""
        values = values if isinstance(values, Mapping) else {}
        return cls(**{name: values[name] for name, rule in RULES.items() if _fits(rule, values.get(name))})

    def to_query(self) -> dict[str, str | None]:
        """The parameters of a link; None for what is at its default and need not be there."""
        return {
            field.name: None if getattr(self, field.name) == field.default else getattr(self, field.name)
            for field in dataclasses.fields(self)
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as the browser has them."""
        return dataclasses.asdict(self)


def _fits(rule: str, value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(rule, value, re.ASCII) is not None
