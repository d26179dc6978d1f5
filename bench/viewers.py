"""`python -m bench.viewers`: many viewers at once, each of whom moves a control every five seconds (`--pause`).

They speak Streamlit's own protocol (see `bench.page_viewer`); latency is from the request of a run to the message that
it is finished, with everything for the browser sent before. `--moves` leaves the pauses out: an hour of moves as fast
as the server answers them, for the trace of its memory. A connection that is lost is an answer that failed, and the
viewer comes back, as a person would. What was measured so far is written after every crowd.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
from collections.abc import Awaitable
from pathlib import Path

import numpy as np

from bench.page_server import PROJECT, Server, serving, wait_until_open
from bench.page_viewer import Answer, Viewer
from bench.written import machine, write

ANSWER_BUDGET, MEMORY_BUDGET, FLAT = 1.5, 1200.0, 0.02  # seconds, MB, share of growth in the second half
SAMPLE = 2.0  # seconds between two looks at the server


async def watch(server: Server, samples: list[tuple[float, float, float]]) -> None:
    """Notes time, processor seconds and MB of the server, until cancelled."""
    while True:
        samples.append((time.monotonic(), server.cpu_seconds(), server.memory_mb()))
        await asyncio.sleep(SAMPLE)


async def attempt(run: Awaitable[Answer]) -> Answer:
    """The answer, or one that failed, whatever went wrong on the way to it."""
    start = time.monotonic()
    try:
        return await run
    except Exception as error:
        print(f"An answer failed: {type(error).__name__}: {error}", file=sys.stderr)
        return Answer(start, time.monotonic() - start, bytes=0, messages=0, good=False)


async def moved(viewer: Viewer) -> Answer:
    """The answer to one move; a viewer whose connection is lost comes back after it."""
    answer = await attempt(viewer.move())
    if not answer.messages:
        viewer.kept.clear()
        await attempt(viewer.open())
    return answer


async def stay(viewer: Viewer, end: float, pause: float, answers: list[Answer]) -> None:
    """One viewer who looks, moves and looks again. A late answer shortens the pause after it."""
    due = time.monotonic() + viewer.random.uniform(0, pause)
    while due < end:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        answers.append(await moved(viewer))
        due = max(due + pause, time.monotonic())


async def hurry(viewer: Viewer, moves: int, answers: list[Answer]) -> None:
    """One viewer who moves again as soon as the page has answered."""
    for _ in range(moves):
        answers.append(await moved(viewer))


async def crowd(server: Server, count: int, seconds: float, moves: int, pause: float) -> dict:
    """One crowd of viewers on a server; what they met."""
    viewers = [Viewer(server.address, seed) for seed in range(count)]
    arrivals = [await attempt(viewer.open()) for viewer in viewers]
    answers: list[Answer] = []
    samples: list[tuple[float, float, float]] = []
    watching = asyncio.create_task(watch(server, samples))
    start = time.monotonic()
    if moves:
        await asyncio.gather(*(hurry(viewer, moves // count, answers) for viewer in viewers))
    else:
        await asyncio.gather(*(stay(viewer, start + seconds, pause, answers) for viewer in viewers))
    samples.append((time.monotonic(), server.cpu_seconds(), server.memory_mb()))
    watching.cancel()
    for viewer in viewers:
        with contextlib.suppress(Exception):  # it never came in, or was thrown out
            await viewer.close()
    return _summary(count, arrivals, answers, np.array(samples))


def _summary(count: int, arrivals: list[Answer], answers: list[Answer], samples: np.ndarray) -> dict:
    """Times are those of the answers that came."""
    good = [answer for answer in answers if answer.good]
    latency = np.array([answer.seconds for answer in good] or [0.0])
    times, cpu, memory = samples.T
    half = memory[times >= (times[0] + times[-1]) / 2]
    slope = np.polyfit(times - times[0], memory, 1)[0] if len(times) > 2 else 0.0
    return {
        "viewers": count, "answers": len(answers), "failed": sum(not one.good for one in arrivals + answers),
        "arrival_p95_s": float(np.percentile([answer.seconds for answer in arrivals], 95)),
        "p50_s": float(np.percentile(latency, 50)), "p95_s": float(np.percentile(latency, 95)),
        "p99_s": float(np.percentile(latency, 99)), "max_s": float(latency.max()),
        "within_budget": sum(answer.seconds <= ANSWER_BUDGET for answer in good) / max(len(answers), 1),
        "bytes_p50": float(np.median([answer.bytes for answer in good] or [0])),
        "seconds": float(times[-1] - times[0]), "cores": float((cpu[-1] - cpu[0]) / (times[-1] - times[0])),
        "memory_start_mb": float(memory[0]), "memory_end_mb": float(memory[-1]), "memory_max_mb": float(memory.max()),
        "memory_slope_mb_per_minute": float(60 * slope), "growth_in_second_half_mb": float(half[-1] - half[0]),
        "memory_mb": [round(float(value), 1) for value in memory],
    }  # fmt: skip


def report(row: dict, hurried: bool) -> None:
    """One line, and whether the budgets hold. Answers to viewers who never pause are not judged."""
    answered = "met" if row["within_budget"] == 1 else f"{row['within_budget']:.1%} within"
    answered = f"{row['answers'] / row['seconds']:.1f} moves/s" if hurried else answered
    small = "met" if row["memory_max_mb"] <= MEMORY_BUDGET else "MISSED"
    flat = "flat" if row["growth_in_second_half_mb"] <= FLAT * row["memory_end_mb"] else "GROWS"
    print(
        f"{row['viewers']:>7}{row['answers']:>9}{row['failed']:>7}{row['p50_s']:>8.2f}{row['p95_s']:>8.2f}"
        f"{row['max_s']:>8.2f} s  {answered:<14}{row['cores']:>6.2f}{row['memory_start_mb']:>8.0f} →"
        f"{row['memory_end_mb']:>5.0f} MB  {small}, "
        f"{flat} ({row['growth_in_second_half_mb']:+.0f} MB in the second half)",
        flush=True,
    )


def main() -> None:
    """Prints a line for each crowd and writes them all as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--viewers", type=int, nargs="*", default=[1, 5, 25, 50])
    parser.add_argument("--minutes", type=float, default=10, help="for each crowd")
    parser.add_argument(
        "--moves", type=int, default=0, help="in all, as fast as they are answered, instead of --minutes"
    )
    parser.add_argument("--pause", type=float, default=5, help="seconds from one move of a viewer to the next")
    parser.add_argument("--settle", type=float, default=20, help="seconds before the server counts as warm")
    parser.add_argument("--port", type=int)
    parser.add_argument("--log", type=Path, help="where the server's output goes")
    parser.add_argument("--out", type=Path, default=PROJECT / "bench/results/viewers.json")
    options = parser.parse_args()
    print(
        f"{'viewers':>7}{'answers':>9}{'failed':>7}{'p50':>8}{'p95':>8}{'max':>8}    {'≤ 1.5 s':<14}"
        f"{'cores':>6}{'memory':>10}  ≤ 1.2 GB, flat"
    )
    machine()  # now, and not between two crowds
    rows = []
    with serving(options.port, options.log) as server:
        wait_until_open(server)
        asyncio.run(_first(server))
        time.sleep(options.settle)
        for count in options.viewers:
            rows.append(asyncio.run(crowd(server, count, 60 * options.minutes, options.moves, options.pause)))
            report(rows[-1], hurried=options.moves > 0)
            write(options.out, pause=options.pause, rows=rows)


async def _first(server: Server) -> None:
    """The visitor who finds the server cold."""
    viewer = Viewer(server.address, 0)
    await viewer.open()
    await viewer.close()


if __name__ == "__main__":
    main()
