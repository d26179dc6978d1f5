"""`python -m bench.pages`: how long a person waits for the Explore page, in a real browser (headless Chromium).

Every time ends when the browser has painted the frame in which *all* panels and the strip of answers show the scene
that was asked for: each carries the runs and the picture that it was drawn from (`Scene.name`), and the bench knows
from the run store which ones those must be. A slider's time begins with the key press, inside the page.
"""

from __future__ import annotations

import argparse
import base64
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from bench.browser import chromium
from bench.page_server import PROJECT, Server, serving, wait_until_open
from bench.page_walk import Stop, first_stop, picture_names, walk
from bench.written import write

WATCH = (Path(__file__).parent / "page_watch.js").read_text(encoding="utf-8")
BUDGETS = {
    "cold start: the shell shows": 2000.0,
    "cold start: complete first page": 6000.0,
    "new visitor: complete page": 1500.0,
    "slider: all panels repainted": 400.0,
    "slider: bytes sent": 300e3,
    "slider: reruns": 1.0,
    "hover: repainted": 16.0,
}


class Wire:
    """What the server sends to a page: bytes and script runs since the last look."""

    def __init__(self, page) -> None:
        self.bytes = self.runs = self.messages = 0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.webSocketFrameReceived", self._take)

    def _take(self, event: dict) -> None:
        if event["response"]["opcode"] != 2:  # not binary: no ForwardMsg
            return
        content = base64.b64decode(event["response"]["payloadData"])
        self.bytes += len(content)
        self.messages += 1
        self.runs += ForwardMsg.FromString(content).WhichOneof("type") == "new_session"

    def reset(self) -> None:
        self.bytes = self.runs = self.messages = 0


@contextmanager
def visit(browser, address: str, query: str = ""):
    """A page in a fresh profile, on its way to the address; and its wire."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(WATCH)
    context.add_init_script("localStorage.setItem('vitviz.tour.seen', 'in a bench')")
    page = context.new_page()
    page.set_default_timeout(60_000)
    wire = Wire(page)
    page.goto(f"{address}/{query}", wait_until="commit")
    try:
        yield page, wire
    finally:
        context.close()


def complete(page, scene: dict[str, str]) -> float:
    """Waits until every panel shows its part of this scene; seconds since the epoch."""
    return page.evaluate("scene => vitvizWatch.complete(scene)", scene) / 1000


def cold_start(browser, port: int | None, log: Path | None) -> dict[str, float]:
    """Milliseconds from the start of the server's process to the shell, and to a complete page."""
    with serving(port, log) as server:
        wait_until_open(server)
        with visit(browser, server.address) as (page, _):
            shell = page.evaluate("vitvizWatch.shell()") / 1000
            whole = complete(page, first_stop().scene)
    return {"shell": 1e3 * (shell - server.started), "complete": 1e3 * (whole - server.started)}


def new_visitor(browser, server: Server) -> float:
    """Milliseconds from asking for the address, with nothing in the browser's cache, to a complete page."""
    with visit(browser, server.address) as (page, _):
        whole = complete(page, first_stop().scene)
        return 1e3 * whole - page.evaluate("performance.timeOrigin")


def floor(browser, server: Server) -> float:
    """The same for the smallest page that has one Plotly chart: what Streamlit, Plotly and this browser take."""
    with visit(browser, server.address) as (page, _):
        return page.evaluate("vitvizWatch.plot()") - page.evaluate("performance.timeOrigin")


def slide(browser, server: Server, picture: str) -> list[dict]:
    """Walks over every shipped setting and back with one picture. One row for each press of a key."""
    rows, seen = [], set()
    with visit(browser, server.address, f"?{first_stop(picture).query}") as (page, wire):
        complete(page, first_stop(picture).scene)
        page.wait_for_timeout(500)
        for stop in walk(picture):
            page.locator(f".st-key-{stop.slider} input[type=range]").focus()
            wire.reset()
            worked = server.cpu_seconds()
            page.keyboard.press(stop.key)
            whole = complete(page, stop.scene)
            milliseconds = 1e3 * whole - page.evaluate("vitvizWatch.inputAt()")
            page.wait_for_timeout(350)  # whatever still comes belongs to this gesture
            worked = 1e3 * (server.cpu_seconds() - worked)
            rows.append(_row(stop, milliseconds, worked, wire, again=stop.setting in seen))
            seen.add(stop.setting)
    return rows


def _row(stop: Stop, milliseconds: float, server_ms: float, wire: Wire, again: bool) -> dict:
    return {
        "slider": stop.slider, "server_ms": server_ms,
        "patch": stop.patch_size, "n_maps": stop.n_maps, "picture": stop.picture,
        "again": again, "ms": milliseconds, "bytes": wire.bytes, "messages": wire.messages, "runs": wire.runs,
    }  # fmt: skip


def hover(browser, server: Server, patch_size: int) -> list[list[float]]:
    """Moves the pointer over every patch: milliseconds of repainting and until the frame was painted, for each."""
    stop = first_stop(patch_size=patch_size)
    with visit(browser, server.address, f"?{stop.query}") as (page, _):
        complete(page, stop.scene)
        page.wait_for_timeout(500)
        page.evaluate("vitvizWatch.watchHover()")
        box = page.locator("[data-vitviz='attention-explorer'] .picture canvas").bounding_box()
        grid = 28 // patch_size
        unit = box["width"] * patch_size / 28
        for place in range(grid * grid):
            row, column = divmod(place, grid)
            column = column if row % 2 == 0 else grid - 1 - column
            page.mouse.move(box["x"] + (column + 0.5) * unit, box["y"] + (row + 0.5) * unit)
            page.wait_for_timeout(30)
        return page.evaluate("window.vitvizHovered")


def spread(values: list[float]) -> dict[str, float]:
    """How many, and where most of them lie."""
    if not values:
        return {"count": 0, "p50": 0.0, "p95": 0.0, "max": 0.0}
    return {
        "count": len(values), "p50": float(np.percentile(values, 50)), "p95": float(np.percentile(values, 95)),
        "max": float(max(values)),
    }  # fmt: skip


def measure(options: argparse.Namespace) -> dict:
    """Everything, as it goes into the file."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = chromium(playwright)
        starts = [cold_start(browser, options.port, options.log) for _ in range(options.starts)]
        with serving(options.port, options.log) as server:
            wait_until_open(server)
            with visit(browser, server.address) as (page, _):
                complete(page, first_stop().scene)
            time.sleep(options.settle)
            with serving(script="bench/page_floor.py") as small:
                wait_until_open(small)
                floor(browser, small)
                floors, visitors = [], []
                for _ in range(options.visitors):  # by turns
                    floors.append(floor(browser, small))
                    visitors.append(new_visitor(browser, server))
            hovered = {size: hover(browser, server, size) for size in options.hover}
            steps = [row for name in picture_names(options.pictures) for row in slide(browser, server, name)]
            memory = server.memory_mb()
        browser.close()
    return {
        "cold start: the shell shows": spread([start["shell"] for start in starts]),
        "cold start: complete first page": spread([start["complete"] for start in starts]),
        "new visitor: complete page": spread(visitors),
        "… Streamlit with one Plotly chart": spread(floors),
        "slider: all panels repainted": spread([row["ms"] for row in steps]),
        "slider: … the first time": spread([row["ms"] for row in steps if not row["again"]]),
        "slider: server's processor time": spread([row["server_ms"] for row in steps]),
        "slider: bytes sent": spread([row["bytes"] for row in steps]),
        "slider: reruns": spread([row["runs"] for row in steps]),
        "hover: repainted": spread([painted for rows in hovered.values() for _, painted in rows]),
        "hover: work alone": spread([work for rows in hovered.values() for work, _ in rows]),
        "server's memory after that, MB": memory,
        "steps": steps,
    }


def report(found: dict) -> None:
    """A line for each budget. The verdict is about the 95th percentile, of starts about the median."""
    print(f"{'':<34}{'count':>6}{'p50':>10}{'p95':>10}{'max':>10}{'budget':>10}")
    for name, values in found.items():
        if not isinstance(values, dict):
            continue
        budget = BUDGETS.get(name)
        scale, unit = (1e-3, "KB") if "bytes" in name else (1, "") if "reruns" in name else (1, "ms")
        cells = "".join(f"{values[key] * scale:>7.0f} {unit:<2}" for key in ("p50", "p95", "max"))
        if "hover" in name:
            cells = "".join(f"{values[key]:>7.1f} ms" for key in ("p50", "p95", "max"))
        verdict = ""
        if budget is not None:
            judged = values["p50"] if "start" in name else values["p95"]
            verdict = f"{budget * scale:>7.0f} {unit:<2}  {'met' if judged <= budget else 'MISSED'}"
        print(f"{name:<34}{values['count']:>6}{cells}{verdict}", flush=True)
    for row in sorted(found["steps"], key=lambda row: -row["ms"])[:3]:
        place = f"patch {row['patch']}, {row['n_maps']} maps, {row['picture']}"
        print(f"  slow: {row['ms']:.0f} ms, {row['slider']} to {place}")


def main() -> None:
    """Prints a short table and writes everything as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=3, help="cold starts of the server")
    parser.add_argument("--visitors", type=int, default=5, help="new visitors")
    parser.add_argument("--pictures", type=int, default=3, help="each goes over every setting and back")
    parser.add_argument("--hover", type=int, nargs="*", default=[4, 7], help="patch sizes")
    parser.add_argument("--settle", type=float, default=8.0, help="seconds before a server counts as warm")
    parser.add_argument("--port", type=int)
    parser.add_argument("--log", type=Path, help="where the server's output goes")
    parser.add_argument("--out", type=Path, default=PROJECT / "bench/results/pages.json")
    options = parser.parse_args()
    found = measure(options)
    report(found)
    write(options.out, **found)


if __name__ == "__main__":
    main()
