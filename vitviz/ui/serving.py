"""What our server adds to Streamlit's: TensorFlow is readied before the first visitor comes, and a page's document
tells the browser at once what it would learn late.

Streamlit's front end hears only from the first run of a page which of its scripts it needs, and that ours need Plotly;
and on any page but the first it asks for the server's root under the page's own path, gets a 404, and asks again. Links
and a line of script in the document spare all that (bench/NOTES.md, "Pages").
"""

from __future__ import annotations

import html
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from streamlit import file_util

from vitviz.ui import scripts

TITLE = "vitviz: inside a Vision Transformer"
EXPLORE, TRAIN, TIME_MACHINE = "explore", "train", "time_machine"  # the pages' paths
# Parts of Streamlit's front end that every page of ours draws with; a digest follows in their files' names
PARTS = ("BidiComponent", "serialization", "Html", "Selectbox", "ButtonGroup", "Slider")
# All our pages lie right under the root, so this holds behind a proxy with a path of its own, too
ROOT = "<script>window.__streamlit = {BACKEND_BASE_URL: new URL('./', location.href).href}</script>"
KEPT = {"Cache-Control": "public, max-age=31536000, immutable", "Content-Encoding": "gzip"}
FRESH = {"Cache-Control": "no-cache"}  # as Streamlit says of its own document: digests change with its version


@asynccontextmanager
async def readied(app: object) -> AsyncIterator[None]:
    """For as long as the server lives: the warm-up begins with it."""
    threading.Thread(target=_get_ready, name="vitviz-pages").start()
    yield


def _get_ready() -> None:
    """Imports what the first visitor needs, in the order of need, while the server already listens."""
    from vitviz.ui import router, warm  # noqa: F401 - the router imports every page

    warm.start()


def pages() -> list[Route]:
    """Routes for our scripts and for the document of every page; of the latter none where Streamlit's own is not as we
    know it: then that one serves, and scripts are fetched when they are needed."""
    routes = [Route(f"/{name}", _script) for name in scripts.SCRIPTS] + [Route("/look/{id}", _look)]
    document = eager(Path(file_util.get_static_dir()))
    if document is None:
        return routes

    async def answer(request: Request) -> HTMLResponse:
        return HTMLResponse(document, headers=FRESH)

    return routes + [Route(f"/{path}", answer) for path in ("", EXPLORE, TRAIN, TIME_MACHINE)]


def _script(request: Request) -> Response:
    """In a thread of its own, as it is no coroutine: compressing Plotly takes a moment, once."""
    # asked for without its version, another script may come at the same address later
    kept = KEPT if request.url.query else KEPT | FRESH
    return Response(scripts.compressed(request.url.path.rsplit("/")[-1]), media_type="text/javascript", headers=kept)


def _look(request: Request) -> JSONResponse:
    """In a thread of its own, as it reads files."""
    from vitviz.ui.race.look import look  # late, as `_get_ready` says

    found = look(request.path_params["id"])
    return JSONResponse(found, status_code=200 if found else 404, headers={"Cache-Control": "no-store"})


def eager(static: Path) -> str | None:
    """Streamlit's document with our title, the server's root, and the scripts that a page needs.

    Args:
        static: the folder of Streamlit's front end.

    Returns:
        The document; None if there is no such file, or no place in it for what is added.
    """
    try:
        document = (static / "index.html").read_text(encoding="utf-8")
    except OSError:
        return None
    if "<head>" not in document or "</head>" not in document:
        return None
    files = [file for name in PARTS for file in sorted((static / "static" / "js").glob(f"{name}.*.js"))]
    modules = [f"./static/js/{file.name}" for file in files]
    modules += [scripts.address(name) for name in ("explorer.js", "charts.js", "positions.js")]
    links = "".join(f'<link rel="modulepreload" crossorigin href="{module}">' for module in modules)
    plotly = f'<script defer data-plotly onerror="this.remove()" src="{scripts.address(scripts.PLOTLY)}"></script>'
    document = document.replace("<title>Streamlit</title>", f"<title>{html.escape(TITLE)}</title>")
    # the links last: what starts the page goes first
    return document.replace("<head>", f"<head>{ROOT}", 1).replace("</head>", f"{links}{plotly}</head>", 1)
