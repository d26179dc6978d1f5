"""A server of the dashboard with runs to look at, and pages in a fresh browser that listen for errors."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for browser_hands: pytest's importlib mode leaves this folder out

from ui.untrained_runs import save_family

PROJECT = Path(__file__).resolve().parents[2]
DASHBOARD = PROJECT / "dashboard.py"
START_SECONDS = 60
OWN_PLACES = ("http://localhost:", "blob:", "data:")


@contextmanager
def serving(
    runs: Path, output: Path, *, zoo: str = "none", script: Path = DASHBOARD, **variables: str
) -> Iterator[str]:
    """The address of a dashboard over these runs; models that ship are not seen unless `zoo` names their folder."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless", "true"]
    variables = {"VITVIZ_RUNS_DIR": str(runs), "VITVIZ_ZOO_DIR": zoo, "TF_CPP_MIN_LOG_LEVEL": "2", **variables}
    with output.open("w") as log:
        server = subprocess.Popen(
            [*command, "--server.port", str(port)], cwd=PROJECT, stdout=log, stderr=log,
            env={**os.environ, **variables},
        )  # fmt: skip
        try:
            _wait_for(f"http://localhost:{port}/_stcore/health", server, output)
            yield f"http://localhost:{port}"
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two families of runs."""
    root = tmp_path_factory.mktemp("runs")
    save_family(root)
    save_family(root, "article", patch_sizes=(5,), maps=(4,))
    return root


@pytest.fixture(scope="session")
def dashboard(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard that has models to show."""
    with serving(trained, tmp_path_factory.mktemp("server") / "output.txt") as address:
        yield address


@pytest.fixture
def visit(chromium) -> Iterator[Callable]:
    """A function: an address in, its page in a fresh browser profile out. Errors of the page fail the test."""
    contexts, errors = [], []

    def open_page(address: str, *, width: int = 1440, height: int = 900, tour: bool = False, **options):
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        if not tour:
            context.add_init_script("localStorage.setItem('vitviz.tour.seen', 'in a test')")
        # no page asks another machine for anything: one that did would find no network, and fail its test
        context.route(lambda url: not url.startswith(OWN_PLACES), lambda route: route.abort())
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == [], "the browser's console shows errors"


def _wait_for(address: str, server: subprocess.Popen, output: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.2)
    raise RuntimeError(f"The dashboard did not start:\n{output.read_text()}")
