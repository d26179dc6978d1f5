"""Does watching a training slow it down? One training, with its page open and with none, by turns.

    python -m bench.race_page [--turns 6] [--seconds 10]

Starts a training as a terminal would, a server, and a browser (the one that the tests use). The page is opened for
some seconds, then closed for as many, again and again; the time of a step comes from each model's own clock. Turns
that are neighbours are compared, so that the drift of the machine hits both. The target is at most 5%.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from vitviz import live

PROJECT = Path(__file__).parents[1]
TRAINING = ["--dataset", "fashion_mnist_mini", "--limit", "3000", "--patch-size", "4", "--n-maps", "8",
            "--epochs", "10000"]  # fmt: skip
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


def main() -> None:
    """Prints a line per pair of turns, and the median."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=6, help="pairs of turns (6)")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a turn (10)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        job = live.start(root, TRAINING)
        server, address = _serve(root)
        try:
            _wait(lambda: live.read_job(root, job.id).epochs_kept("vit") > 0)
            _measure(root, job.id, f"{address}/train?race={job.id}", options)
        finally:
            live.request_stop(job)
            server.terminate()
            _wait(lambda: live.read_job(root, job.id).ended)


def _measure(root: Path, id: str, address: str, options: argparse.Namespace) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        ratios = []
        for turn in range(options.turns):
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(address)
            page.locator(".st-key-race .js-plotly-plot").first.wait_for(timeout=120_000)
            page.wait_for_timeout(5000)  # opening is not watching
            opened = _step_ms(root, id, options.seconds)
            page.close()
            time.sleep(2)  # the server notices
            closed = _step_ms(root, id, options.seconds)
            ratios.append(opened / closed)
            print(f"turn {turn + 1}: {opened:.2f} ms with the page open, {closed:.2f} without: {ratios[-1]:.3f}")
        browser.close()
    low, middle, high = statistics.quantiles(ratios, n=4)
    print(f"open / closed: {middle:.3f} (quartiles {low:.3f}–{high:.3f} over {len(ratios)} pairs of turns)")


def _step_ms(root: Path, id: str, seconds: float) -> float:
    """The mean time of a step of both models over the next seconds, by their own clocks."""
    before = live.read_job(root, id)
    time.sleep(seconds)
    after = live.read_job(root, id)
    steps = [after.of(kind)["steps_done"] - before.of(kind)["steps_done"] for kind in ("vit", "fast")]
    clocks = [after.of(kind)["clock"] - before.of(kind)["clock"] for kind in ("vit", "fast")]
    return 1000 * sum(clock / count for clock, count in zip(clocks, steps, strict=True)) / 2


def _serve(root: Path) -> tuple[subprocess.Popen, str]:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.headless", "true"]
    server = subprocess.Popen(
        [*command, "--server.port", str(port)], cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "VITVIZ_RUNS_DIR": str(root), "TF_CPP_MIN_LOG_LEVEL": "2"},
    )  # fmt: skip
    return server, f"http://localhost:{port}"


def _wait(holds) -> None:
    end = time.monotonic() + 180
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("The training or the server did not do what it should within three minutes.")
        time.sleep(0.2)


if __name__ == "__main__":
    main()
