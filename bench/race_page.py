"""Does watching a training slow it down? One training, with its page open and with none, by turns.

    python -m bench.race_page [--turns 6] [--seconds 10]

Starts a training as a terminal would, a server, and a browser (the one that the tests use). The page is opened for
some seconds, then closed for as many, again and again; the time of a step comes from each model's own clock. Turns
that are neighbours are compared, so that the drift of the machine hits both. The target is at most 5%. What was
measured so far is written after every pair of turns.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from bench.browser import chromium
from bench.page_server import PROJECT, serving, wait_until_open
from bench.written import machine, write
from vitviz import live

TRAINING = ["--dataset", "fashion_mnist_mini", "--limit", "3000", "--patch-size", "4", "--n-maps", "8",
            "--epochs", "10000"]  # fmt: skip


def main() -> None:
    """Prints a line per pair of turns, and the median."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=6, help="pairs of turns (6)")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a turn (10)")
    parser.add_argument("--out", type=Path, default=PROJECT / "bench/results/race_page.json")
    options = parser.parse_args()
    machine()  # now, and not between two turns
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        job = live.start(root, TRAINING)
        try:
            with serving(runs=root) as server:
                wait_until_open(server)
                _wait(lambda: live.read_job(root, job.id).epochs_kept("vit") > 0)
                _measure(root, job.id, f"{server.address}/train?race={job.id}", options)
        finally:
            live.request_stop(job)
            _wait(lambda: live.read_job(root, job.id).ended)


def _measure(root: Path, id: str, address: str, options: argparse.Namespace) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = chromium(playwright)
        turns = []
        for turn in range(options.turns):
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(address)
            page.locator(".st-key-race .js-plotly-plot").first.wait_for(timeout=120_000)
            page.wait_for_timeout(5000)  # opening is not watching
            opened = _step_ms(root, id, options.seconds)
            page.close()
            time.sleep(2)  # the server notices
            closed = _step_ms(root, id, options.seconds)
            turns.append({"open_ms": opened, "closed_ms": closed, "ratio": opened / closed})
            print(f"turn {turn + 1}: {opened:.2f} ms with the page open, {closed:.2f} without: {opened / closed:.3f}")
            found = _quartiles([turn["ratio"] for turn in turns])
            write(options.out, seconds=options.seconds, training=TRAINING, **found, turns=turns)
        browser.close()
    low, middle, high = found.values()
    print(f"open / closed: {middle:.3f} (quartiles {low:.3f}–{high:.3f} over {len(turns)} pairs of turns)")


def _quartiles(ratios: list[float]) -> dict[str, float]:
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    return {"q1": low, "ratio": middle, "q3": high}


def _step_ms(root: Path, id: str, seconds: float) -> float:
    """The mean time of a step of both models over the next seconds, by their own clocks."""
    before = live.read_job(root, id)
    time.sleep(seconds)
    after = live.read_job(root, id)
    steps = [after.of(kind)["steps_done"] - before.of(kind)["steps_done"] for kind in ("vit", "fast")]
    clocks = [after.of(kind)["clock"] - before.of(kind)["clock"] for kind in ("vit", "fast")]
    return 1000 * sum(clock / count for clock, count in zip(clocks, steps, strict=True)) / 2


def _wait(holds) -> None:
    end = time.monotonic() + 180
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("The training or the server did not do what it should within three minutes.")
        time.sleep(0.2)


if __name__ == "__main__":
    main()
