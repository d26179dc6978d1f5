"""The documents that our server hands out in place of Streamlit's own."""

from __future__ import annotations

import asyncio
import gzip
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs_version
from starlette.requests import Request
from streamlit import file_util

from vitviz.ui import scripts, serving

FRONT_END = Path(file_util.get_static_dir())


@pytest.fixture
def laid_out(tmp_path):
    """A function: a document in, the folder of a front end with that document out."""

    def lay_out(document: str, *files: str) -> Path:
        (tmp_path / "index.html").write_text(document, encoding="utf-8")
        (tmp_path / "static" / "js").mkdir(parents=True)
        for name in files:
            (tmp_path / "static" / "js" / name).touch()
        return tmp_path

    return lay_out


def test_streamlits_document_stays_whole_and_gains_links_to_files_that_are_there():
    own = (FRONT_END / "index.html").read_text(encoding="utf-8")
    ours = serving.eager(FRONT_END)
    assert ours is not None and f"<title>{serving.TITLE}</title>" in ours
    added = set(re.findall(r'"\./static/js/([^"]+)"', ours)) - set(re.findall(r'"\./static/js/([^"]+)"', own))
    assert {name.split(".")[0] for name in added} == set(serving.PARTS)
    assert all((FRONT_END / "static" / "js" / name).is_file() for name in added)
    for line in own.splitlines():
        assert line in ours or "<head>" in line or "</head>" in line or "<title>" in line


def test_the_root_is_said_before_any_script_and_the_links_come_after_streamlits(laid_out):
    front = laid_out('<html><head><script src="a.js"></script></head></html>', "BidiComponent.x.js", "Else.x.js")
    ours = serving.eager(front)
    places = [ours.index(part) for part in ("BACKEND_BASE_URL", "a.js", "BidiComponent.x.js", "plotly.js", "</head>")]
    assert places == sorted(places) and "Else" not in ours


def test_a_front_end_laid_out_otherwise_is_left_to_streamlit(laid_out, tmp_path, monkeypatch):
    assert serving.eager(tmp_path / "nowhere") is None
    assert serving.eager(laid_out("<html></html>")) is None
    monkeypatch.setattr(file_util, "get_static_dir", lambda: str(tmp_path))
    assert {route.path for route in serving.pages()} == {*(f"/{name}" for name in scripts.SCRIPTS), "/look/{id}"}


def test_every_page_gets_the_document_and_no_browser_keeps_it():
    routes = {route.path: route for route in serving.pages()}
    pages = {"/", "/explore", "/train", "/time_machine"}
    assert set(routes) == pages | {f"/{name}" for name in scripts.SCRIPTS} | {"/look/{id}"}
    for route in map(routes.get, sorted(pages)):
        with ThreadPoolExecutor(1) as apart:  # Playwright's loop runs in this thread where browser tests came before
            answer = apart.submit(asyncio.run, route.endpoint(None)).result()
        assert answer.status_code == 200 and serving.TITLE in answer.body.decode()
        assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", scripts.SCRIPTS)
def test_a_script_is_kept_under_an_address_that_changes_with_it(name):
    [route] = [route for route in serving.pages() if route.path == f"/{name}"]

    def ask(query: str):
        return route.endpoint(Request({"type": "http", "path": route.path, "query_string": query.encode(),
                                       "server": ("localhost", 80), "headers": []}))  # fmt: skip

    path, query = scripts.address(name).split("?")
    answer = ask(query)
    assert path == f"./{name}" and answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-encoding"] == "gzip"
    sent = gzip.decompress(answer.body).decode()
    assert all(part.read_text(encoding="utf-8") in sent for part in scripts.SCRIPTS[name])
    assert ask("").headers["cache-control"] == "no-cache"
    assert len({scripts.address(one) for one in scripts.SCRIPTS}) == len(scripts.SCRIPTS)


def test_the_charts_script_understands_the_figures_that_plotly_makes():
    told = re.search(r"plotly\.js \(cartesian - minified\) v(\d+)\.", scripts.text(scripts.PLOTLY)[:300])
    assert told and told[1] == get_plotlyjs_version().split(".")[0]
