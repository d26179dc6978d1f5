"""What a person has set in the attention explorer: small enough for a link, and read back with care."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The fields' names in a link, and what each may hold. A pin is a pixel of the picture, "row,column" (so that it
# stays in place when the patch size changes), or a learned token, "t<model>.<learner>.<token>", all from 0.
_IN_A_LINK = {
    "pinned": ("pin", r"\d{1,4},\d{1,4}|t[01]\.[01]\.\d{1,3}"),
    "heads": ("heads", r"each|mean|rollout"),
    "direction": ("direction", r"from|to"),
    "scale": ("scale", r"map|shared"),
    "overlay": ("overlay", r"on|off"),
    "map": ("map", r"[01]\.\d{1,2}\.\d{1,2}"),
}


@dataclass(frozen=True, kw_only=True)
class View:
    """The query and the switches.

    Attributes:
        pinned: the pinned query: the pixel "row,column" of a patch, "t<model>.<learner>.<token>", or None.
        heads: every head, their mean, or the rollout up to each layer.
        direction: attention from the query to the others, or to the query from the others.
        scale: colours run to the maximum of each map, or to the maximum of all maps shown.
        overlay: the picture shows through the maps, "on" or "off".
        map: the map that is held on the large picture, "<model>.<layer>.<head>" from 0, or None.
    """

    pinned: str | None = None
    heads: str = "each"
    direction: str = "from"
    scale: str = "map"
    overlay: str = "on"
    map: str | None = None

    @classmethod
    def read(cls, values: Any) -> View:
        """From the browser's state; a field that is missing or makes no sense keeps its default."""
        values = values if isinstance(values, Mapping) else {}
        return cls(**{
            name: values[name] for name, (_, rule) in _IN_A_LINK.items() if _fits(rule, values.get(name))
        })

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> View:
        """From the parameters of a link; anything invalid is ignored."""
        return cls.read({name: query.get(short) for name, (short, _) in _IN_A_LINK.items()})

    def to_query(self) -> dict[str, str | None]:
        """The parameters of a link; None for what is at its default and need not be there."""
        return {
            short: None if getattr(self, field.name) == field.default else getattr(self, field.name)
            for field in dataclasses.fields(self)
            for short in (_IN_A_LINK[field.name][0],)
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as the browser has them."""
        return dataclasses.asdict(self)


def _fits(rule: str, value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(rule, value, re.ASCII) is not None
