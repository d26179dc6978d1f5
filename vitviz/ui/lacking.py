"""What the project should have brought and cannot show, in words. No Streamlit here."""

from __future__ import annotations

import html
from collections import defaultdict

from vitviz.ui.catalogue import Family


def in_a_line(family: Family) -> str | None:
    """One line for the page: which settings the sliders leave out; None where nothing is lacking."""
    if not family.lacking:
        return None
    by_patch: dict[int, list[int | None]] = defaultdict(list)
    for patch_size, count in sorted(family.lacking, key=lambda setting: (setting[0], setting[1] or 0)):
        by_patch[patch_size].append(count)
    gone = [patch_size for patch_size in by_patch if patch_size not in family.patch_sizes()]
    parts = [f"patch size {_and(gone)}"] if gone else []
    for patch_size, counts in by_patch.items():
        if patch_size not in gone:
            maps = [count for count in counts if count is not None]
            names = ["the ViT"] * (None in counts) + ([f"n_maps {_and(maps)}"] if maps else [])
            parts.append(f"{_and(names)} at patch size {patch_size}")
    damaged = any(reason != "missing" for reason in family.lacking.values())
    why = " They are damaged or missing: the reasons are under Settings." if damaged else ""
    return f"Not among the models here: {'; '.join(parts)}.{why}"


def reasons(family: Family) -> list[str]:
    """Why, one HTML line for every setting that is there and damaged."""
    return [
        f"Patch size {patch_size}, {'ViT' if count is None else f'n_maps {count}'}: {html.escape(reason)}"
        for (patch_size, count), reason in sorted(family.lacking.items(), key=lambda item: str(item[0]))
        if reason != "missing"
    ]


def _and(names: list) -> str:
    *most, last = map(str, names)
    return f"{', '.join(most)} and {last}" if most else last
