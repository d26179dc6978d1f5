"""Which run a person means by an id or by its first letters."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from vitviz.runs.error import RunError


def find_id(given: str, ids: Iterable[str], *, where: str) -> str:
    """The id that equals `given`, or the only one that begins with it.

    It only chooses among `ids` and builds no path, so nothing in `given` can lead out of the store.
    Raises `RunError` if there is none (naming what is near) or more than one.
    """
    ids = list(ids)
    if given in ids:
        return given
    matches = [id for id in ids if given and id.startswith(given)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        some = ", ".join(matches[:3]) + (", …" if len(matches) > 3 else "")
        raise RunError(f"{given!r} begins the ids of {len(matches)} runs ({some}): give more of it.")
    near = difflib.get_close_matches(given, ids, n=1)
    hint = f"the nearest id is {near[0]}, and " if near else ""
    raise RunError(f"There is no run {given!r} in {where}: {hint}`python -m vitviz runs` lists them all.")
