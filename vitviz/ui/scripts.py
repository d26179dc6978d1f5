"""The scripts that a browser fetches once and keeps.

Streamlit sends a component's script again with every run of the page, 57 KB for the attention explorer, unless it comes
from an installed package with a manifest. So a component's own script here is a line that imports the real one from
our server (`serving.py`).
"""

from __future__ import annotations

import gzip
import hashlib
import json
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
_EXPLORER, _POSITIONS, _MACHINE = _HERE / "attention_explorer", _HERE / "positions_view", _HERE / "time_machine"
PLOTLY = "plotly.js"  # the only one that is no module: npm's plotly.js-cartesian-dist-min as it is delivered, MIT
# The files of a script are joined in their order into one: each may use what the ones before it define
SCRIPTS: dict[str, tuple[Path, ...]] = {
    PLOTLY: (_HERE / "charts" / "plotly-cartesian.min.js",),
    "charts.js": (_HERE / "charts" / "charts.js",),
    "explorer.js": tuple(
        _EXPLORER / name
        for name in (
            "scene.js", "query.js", "maps.js", "place.js", "paint.js", "words.js", "distance.js", "tokens.js",
            "panel.js", "patch_told.js", "explorer.js",
        )
    ),
    "positions.js": (
        *(_EXPLORER / name for name in (
            "scene.js", "query.js", "paint.js", "words.js", "distance.js", "patch_told.js",
        )),
        _POSITIONS / "positions.js",
    ),
    "machine.js": (
        *(_EXPLORER / name for name in ("scene.js", "query.js", "maps.js", "paint.js", "distance.js")),
        *(_MACHINE / name for name in ("film.js", "sayings.js", "curve.js", "tiles.js", "model.js", "machine.js")),
    ),
}  # fmt: skip


@cache
def text(name: str) -> str:
    """The whole script."""
    return "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS[name])


@cache
def compressed(name: str) -> bytes:
    """The whole script, compressed by gzip."""
    return gzip.compress(text(name).encode(), compresslevel=6, mtime=0)


@cache
def address(name: str) -> str:
    """Where it is, seen from the server's root; another address for another content, so that a browser may keep it."""
    return f"./{name}?v={hashlib.blake2b(text(name).encode(), digest_size=8).hexdigest()}"


def importing(name: str) -> str:
    """A component's script: it calls what the script `name` exports by default as soon as that is there."""
    return f"""\
const there = import(new URL({json.dumps(address(name))}, window.__streamlit?.BACKEND_BASE_URL ?? document.baseURI));
export default function (component) {{
  let gone = false;
  let leave;
  there.then((script) => {{ if (!gone) leave = script.default(component); }});
  return () => {{ gone = true; leave?.(); }};
}}"""
