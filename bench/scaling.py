"""`python -m bench.scaling`: time and memory of a training step against tokens, maps, blocks and batch.

Every point is a process of its own: `memory` is the most it ever held, less what a process holds that has TensorFlow
loaded and trains one picture on 4 tokens. Points come one after the other, and a shared machine is disturbed for longer
than one of them lasts; so what is compared is the processor time of a step, over all cores, which others disturb least
(a step in parts wastes none on waiting). `predicted` is that of one point of the series times the ratio of counted
operations (`vitviz.analysis.operations`), and `ratio` says where measure and count part.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import subprocess
import sys
from pathlib import Path
from time import perf_counter, process_time

from bench.written import write
from vitviz.analysis.operations import total_macs
from vitviz.config import ARTICLE, ModelConfig

BATCH = 32
LEAST_STEPS = 4


def series() -> dict[str, list[tuple[int, ModelConfig, int]]]:
    """For each series its points: what is varied, the model, the batch. The article's pair otherwise."""
    vit = ARTICLE.model

    def patch(size: int) -> ModelConfig:
        return dataclasses.replace(vit, patch_size=size)

    vits = [patch(size) for size in (4, 14, 7, 5, 2)]
    return {
        "tokens, ViT": [(model.tokens, model, BATCH) for model in vits],
        "tokens, fast ViT": [(model.tokens, model.fast(min(4, model.tokens // 2)), BATCH) for model in vits],
        "n_maps, patch 4": [(maps, patch(4).fast(maps), BATCH) for maps in (4, 1, 2, 8, 16)],
        "blocks, patch 7": [(n, dataclasses.replace(patch(7), blocks=n), BATCH) for n in (4, 1, 2, 8)],
        "batch, patch 7": [(batch, patch(7), batch) for batch in (32, 8, 128, 512)],
    }  # fmt: skip


def one(config: ModelConfig, batch: int, seconds: float) -> dict[str, float]:
    """Lower quartiles of a step's duration and processor time in ms, and the peak of this process's memory in MB."""
    import numpy as np

    from bench.ways import ours

    step = ours(config, batch, "article")
    step(), step()
    times, end = [], perf_counter() + seconds
    while perf_counter() < end or len(times) < LEAST_STEPS:
        start, processor = perf_counter(), process_time()
        step()
        times.append((perf_counter() - start, process_time() - processor))
    wall, processor = np.percentile(times, 25, axis=0) * 1e3
    scale = 1 if sys.platform == "darwin" else 1024  # there in bytes, elsewhere in KB
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 2**20
    return {"ms": float(wall), "processor_ms": float(processor), "memory_mb": memory}


def apart(config: ModelConfig, batch: int, seconds: float) -> dict[str, float]:
    """The same, in a process of its own."""
    request = json.dumps({"config": config.to_dict(), "batch": batch, "seconds": seconds})
    command = [sys.executable, "-m", "bench.scaling", "--one", request]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure(points: list[tuple[int, ModelConfig, int]], seconds: float, empty_mb: float) -> list[dict]:
    """A row for each point, in ascending order; the first one given is what the others are predicted from."""
    rows, reference = [], None
    for value, config, batch in points:
        found = apart(config, batch, seconds)
        operations = total_macs(config) * batch
        reference = reference or (found["processor_ms"], operations)
        predicted = reference[0] * operations / reference[1]
        rows.append({
            "value": value, "patch": config.patch_size, "n_maps": config.n_maps, "batch": batch, "macs": operations,
            **found, "memory_mb": found["memory_mb"] - empty_mb, "predicted_ms": predicted,
            "measured_over_predicted": found["processor_ms"] / predicted,
        })  # fmt: skip
    return sorted(rows, key=lambda row: row["value"])


def main() -> None:
    """Prints a table for each series and writes them all as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", nargs="*", help="those whose name contains one of these words (all)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of steps at each point (2)")
    parser.add_argument("--out", type=Path, default=Path("bench/results/scaling.json"))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        request = json.loads(options.one)
        print(json.dumps(one(ModelConfig.from_dict(request["config"]), request["batch"], request["seconds"])))
        return
    empty = apart(dataclasses.replace(ARTICLE.model, patch_size=14), 1, 0.1)["memory_mb"]
    found = {}
    for name, points in series().items():
        if options.series and not any(word in name for word in options.series):
            continue
        found[name] = measure(points, options.seconds, empty)
        print(f"{name:<18}{'ms':>9}{'processor':>11}{'predicted':>11}{'ratio':>7}{'memory':>10}", flush=True)
        for row in found[name]:
            print(f"{row['value']:<18}{row['ms']:>9.1f}{row['processor_ms']:>11.1f}{row['predicted_ms']:>11.1f}"
                  f"{row['measured_over_predicted']:>7.2f}{row['memory_mb']:>7.0f} MB", flush=True)  # fmt: skip
        write(options.out, empty_mb=empty, series=found)


if __name__ == "__main__":
    main()
