"""`python -m bench.train_step`: one training step, ours against the plain way and against PyTorch.

The ways take turns of a few steps, so that a busy machine hits them alike; quote the ratios. The fraction of the peak
divides the operations of the model as it is written (3 forward passes, 2 operations a multiply–accumulate) by the time
and by the speed of a 2048³ float32 product on all cores, measured between the steps. Folded attention computes fewer
operations than that and can pass 100%. All ways step with Adam, also where the preset has another optimizer. PyTorch
takes part where it is installed (`pip install torch`).
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from time import perf_counter

import numpy as np

from bench.turns import Way
from bench.ways import PEAK_SIDE, WAYS
from bench.written import write
from vitviz.analysis.operations import counted_ratio, total_macs
from vitviz.config import PRESETS, ModelConfig

CLASSES = 4  # the tutorial's
LEAST_ROUNDS = 4
LONG = 0.2  # seconds of a step that cold caches cannot disturb
TURN = 0.15  # seconds of ours in one turn, about


def measure(ways: dict[str, Way], model: ModelConfig, batch: int, preset: str, seconds: float) -> dict:
    """Medians in milliseconds, and the ratio to ours over rounds, of every way that is there."""
    for way in ways.values():
        way.ask(config=model.to_dict(), batch=batch, preset=preset)
    answers = {name: way.answer() for name, way in ways.items()}
    there = {name: way for name, way in ways.items() if "missing" not in answers[name]}
    rounds: list[dict[str, list[float]]] = []
    end, steps, warm = perf_counter() + seconds, 2, True
    while perf_counter() < end or len(rounds) < LEAST_ROUNDS:
        rounds.append({})
        for name, way in there.items():
            way.ask(steps=1 if name == "peak" else steps, warm=warm)
            rounds[-1][name] = way.answer()["seconds"]
        last = np.median(rounds[-1]["ours"])
        steps, warm = max(1, min(8, round(TURN / last))), bool(last < LONG)
    found = {"rounds": len(rounds)}
    for name in there:
        times = np.concatenate([turn[name] for turn in rounds])
        ratios = [np.median(turn[name]) / np.median(turn["ours"]) for turn in rounds]
        low, middle, high = np.percentile(ratios, (25, 50, 75))
        found[f"{name}_ms"] = float(np.median(times) * 1e3)
        found[f"{name}_best_ms"] = float(times.min() * 1e3)
        found[f"{name}_setup_seconds"] = answers[name]["setup_seconds"]
        found[f"{name}_ratio"], found[f"{name}_ratio_q1"], found[f"{name}_ratio_q3"] = map(float, (middle, low, high))
    return found


def row(ways: dict[str, Way], preset: str, kind: str, patch: int, maps: int, batch: int, seconds: float) -> dict:
    """One setting, measured."""
    vit = dataclasses.replace(PRESETS[preset].model, classes=CLASSES, patch_size=patch)
    model = vit.fast(min(maps, vit.tokens // 2)) if kind == "fast" else vit
    found = measure(ways, model, batch, preset, seconds)
    peak = 2 * PEAK_SIDE**3 / (found.pop("peak_ms") / 1e3)
    return {
        "preset": preset, "model": kind, "patch": patch, "n_maps": model.n_maps, "batch": batch,
        "images_per_second": batch / (found["ours_ms"] / 1e3),
        "peak_gflops": peak / 1e9,
        "fraction_of_peak": 6 * total_macs(model) * batch / (found["ours_ms"] / 1e3) / peak,
        "counted_ratio": counted_ratio(model),
        **found,
    }  # fmt: skip


def line(r: dict) -> str:
    """A row for a person."""
    torch = f"{r['torch_ratio']:.2f}" if "torch_ratio" in r else "–"
    return (
        f"{r['model']:<6}{r['patch']:>6}{r['batch']:>6}{r['ours_ms']:>8.1f} ms{r['images_per_second']:>10.0f}"
        f"{r['plain_ratio']:>12.2f}{torch:>12}{r['fraction_of_peak']:>7.0%}"
    )


def main() -> None:
    """Prints a line for each setting and writes them all as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", choices=tuple(PRESETS), default="article")
    parser.add_argument("--model", nargs="*", choices=("vit", "fast"), default=["vit", "fast"])
    parser.add_argument("--patch", type=int, nargs="*", default=[4, 5, 7, 14])
    parser.add_argument("--batch", type=int, nargs="*", default=[32, 128, 512])
    parser.add_argument("--n-maps", type=int, default=4, help="at most half of the tokens are taken (4)")
    parser.add_argument("--seconds", type=float, default=8, help="for each setting, without compilation (8)")
    parser.add_argument("--out", type=Path, default=Path("bench/results/train_step.json"))
    options = parser.parse_args()
    ways = {name: Way(name) for name in WAYS}
    rows: list[dict] = []
    if PRESETS[options.preset].train.optimizer != "adam":
        print(f"The {options.preset} preset trains with {PRESETS[options.preset].train.optimizer}; "
              "here every way steps with Adam.")  # fmt: skip
    print(f"{'model':<6}{'patch':>6}{'batch':>6}{'ours':>11}{'images/s':>10}{'plain÷ours':>12}{'torch÷ours':>12}{'peak':>7}")
    for batch in options.batch:
        for patch in options.patch:
            for kind in options.model:
                found = row(ways, options.preset, kind, patch, options.n_maps, batch, options.seconds)
                rows.append(found)
                print(line(found), flush=True)
            if rows[-1]["model"] == "fast" and len(options.model) == 2:
                vit, fast = rows[-2:]
                print(f"      fast ÷ ViT: time {fast['ours_ms'] / vit['ours_ms']:.2f}, "
                      f"operations {fast['counted_ratio']:.2f}", flush=True)  # fmt: skip
            write(options.out, optimizer="adam", rows=rows)
    for way in ways.values():
        way.close()


if __name__ == "__main__":
    main()
