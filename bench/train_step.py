"""`python -m bench.train_step`: one training step, ours against the plain way and against PyTorch.

All of them take turns in one process, so that a busy machine hits them alike; quote the ratios. The fraction of the
peak divides the operations of the model as it is written (3 forward passes, 2 operations a multiply–accumulate) by
the time and by the speed of a 2048³ float32 product measured between the steps. Folded attention computes fewer
operations than that and can pass 100%.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from time import perf_counter

import numpy as np
import tensorflow as tf

from bench.plain import build_plain
from vitviz.analysis.operations import total_macs
from vitviz.config import PRESETS, ModelConfig
from vitviz.models import build
from vitviz.models.tokenizer import cut_patches, scale_pixels
from vitviz.training.machine import describe_machine
from vitviz.training.step import TrainStep

PEAK_SIDE = 2048


def steps(config: ModelConfig, batch: int, preset: str) -> dict[str, callable]:
    """One function per way, each of which trains one step and waits for its result."""
    random = np.random.default_rng(0)
    side, channels = config.image_size, config.channels
    images = random.integers(0, 256, (batch, side, side, channels), dtype=np.uint8)
    labels = random.integers(0, config.classes, batch).astype(np.int32)
    weights, one_hot = np.ones(batch, np.float32), np.eye(config.classes, dtype=np.float32)[labels]
    patches = cut_patches(scale_pixels(tf.constant(images), config.pixels), config.patch_size, config.edge).numpy()
    train = dataclasses.replace(PRESETS[preset].train, batch_size=batch, label_smoothing=0.0, weight_decay=0.0)
    ours, plain = TrainStep(build(config), train), build_plain(config)
    ways = {
        "ours": lambda: ours(images, labels, weights, rate=1e-3, number=1),
        "plain": lambda: plain.train_on_batch(patches, one_hot),
    }
    try:
        from bench.torch_vit import torch_step
    except ImportError:
        return ways
    return ways | {"torch": torch_step(config, patches, labels)}


def measure(ways: dict[str, callable], seconds: float) -> dict[str, list[float]]:
    """Durations in seconds of each way, and of the matrix product, in turns of a few steps."""
    a = tf.random.stateless_uniform((PEAK_SIDE, PEAK_SIDE), (0, 0))
    product = tf.function(lambda: tf.reduce_sum(tf.matmul(a, a)))
    turns = {**ways, "peak": lambda: product().numpy()}
    for step in turns.values():
        step(), step()
    times: dict[str, list[float]] = {name: [] for name in turns}
    end = perf_counter() + seconds
    while perf_counter() < end or len(times["ours"]) < 10:
        for name, step in turns.items():
            for _ in range(2):
                start = perf_counter()
                step()
                times[name].append(perf_counter() - start)
    return times


def row(preset: str, kind: str, patch: int, maps: int, batch: int, seconds: float) -> dict:
    """Measures one setting."""
    model = dataclasses.replace(PRESETS[preset].model, patch_size=patch, n_maps=maps if kind == "fast" else None)
    times = measure(steps(model, batch, preset), seconds)
    peak = 2 * PEAK_SIDE**3 / np.median(times["peak"])
    result = {"preset": preset, "model": kind, "patch": patch, "n_maps": model.n_maps, "batch": batch}
    result |= {
        "peak_gflops": peak / 1e9,
        "fraction_of_peak": 6 * total_macs(model) * batch / np.median(times["ours"]) / peak,
    }
    for name in times:
        if name != "peak":
            result[f"{name}_ms"] = float(np.median(times[name]) * 1e3)
            ratios = np.array(times[name]) / np.array(times["ours"])
            result[f"{name}_ratio"] = float(np.median(ratios))
    return result | {"ours_images_per_second": batch / np.median(times["ours"])}


def main() -> None:
    """Prints a line for each setting and writes them all as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", choices=tuple(PRESETS), default="article")
    parser.add_argument("--patch", type=int, nargs="*", default=[4, 5, 7, 14])
    parser.add_argument("--batch", type=int, nargs="*", default=[32, 128, 512])
    parser.add_argument("--n-maps", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=20, help="for each setting")
    parser.add_argument("--out", type=Path, default=Path("bench/results/train_step.json"))
    options = parser.parse_args()
    rows = []
    print(
        f"{'model':<6}{'patch':>6}{'batch':>6}{'ours':>10}{'images/s':>10}{'plain÷ours':>12}{'torch÷ours':>12}{'peak':>7}"
    )
    for batch in options.batch:
        for patch in options.patch:
            for kind in ("vit", "fast"):
                if kind == "fast" and options.n_maps >= (28 // patch) ** 2:
                    continue
                rows.append(row(options.preset, kind, patch, options.n_maps, batch, options.seconds))
                r = rows[-1]
                torch_ratio = f"{r['torch_ratio']:.2f}" if "torch_ratio" in r else "–"
                print(
                    f"{kind:<6}{patch:>6}{batch:>6}{r['ours_ms']:>7.1f} ms{r['ours_images_per_second']:>10.0f}"
                    f"{r['plain_ratio']:>12.2f}{torch_ratio:>12}{r['fraction_of_peak']:>7.0%}",
                    flush=True,
                )
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"machine": describe_machine(), "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
