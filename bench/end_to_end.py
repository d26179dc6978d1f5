"""`python -m bench.end_to_end`: from the command to a trained pair, ours against the plain way.

Each is a command of its own, one after the other: imports, reading the pictures, compilation, training, validation,
evaluation and saving included. Ours is `python -m vitviz train --preset article`, with a stopwatch that notes when each
stage begins and each epoch is done. The plain way (`bench.plain`) trains one model after the other, ours side by side.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.written import write

COMMAND = ["train", "--preset", "article", "--model", "both"]


def run(module: str, *arguments: str) -> tuple[float, float]:
    """Runs a module to its end; the time of day when it began, and the seconds it took."""
    start = time.time()
    done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{module} failed:\n{done.stderr[-2000:]}")
    return start, time.time() - start


def plain_way(options: argparse.Namespace, folder: Path) -> dict:
    """The plain way's seconds in all, and when which validation accuracy was reached."""
    start, seconds = run("bench.plain", *limits(options), "--folder", str(folder))
    rows = json.loads((folder / "plain.json").read_text())
    found = {"seconds": seconds, "final": {}, "reached": {}}
    for row in rows:
        last = row["epochs"][-1]
        found["final"][row["model"]] = last["val_accuracy"]
        found["reached"][row["model"]] = last["time"] - start
    return found


def our_way(options: argparse.Namespace, folder: Path, final: dict[str, float]) -> dict:
    """Ours: seconds in all, where they went, and when each model reached the plain one's final accuracy."""
    notes = folder / "notes.json"
    start, seconds = run("bench.end_to_end", "--stopwatch", str(notes), *limits(options), "--folder", str(folder))
    notes = json.loads(notes.read_text())
    reached = {}
    for kind, epochs in notes["epochs"].items():
        times = [epoch["time"] - start for epoch in epochs if epoch["val_accuracy"] >= final[kind]]
        reached[kind] = times[0] if times else None
    stages, timings = notes["stages"], notes["timings"]
    loop = stages["evaluate"] - stages["train"]
    steps = sum(timing["train_seconds"] for timing in timings)
    setup = sum(timing["setup_seconds"] for timing in timings)  # the models are made before their stage is told
    return {
        "seconds": seconds,
        "reached": reached,
        "final": {kind: epochs[-1]["val_accuracy"] for kind, epochs in notes["epochs"].items()},
        "parts": {
            "start, pictures": stages["compile"] - start - setup,
            "building, compiling": stages["train"] - stages["compile"] + setup,
            "steps": steps,
            "order and augmentation": sum(timing["input_seconds"] for timing in timings),
            "validation": sum(timing["validation_seconds"] for timing in timings),
            "training scores, progress, keeping": loop - steps
            - sum(timing["input_seconds"] + timing["validation_seconds"] for timing in timings),
            "evaluation, saving, end": start + seconds - stages["evaluate"],
        },
        "around_the_steps": 1 - steps / loop,
        "around_the_steps_without_validation": 1
        - (steps + sum(timing["validation_seconds"] for timing in timings)) / loop,
    }  # fmt: skip


def limits(options: argparse.Namespace) -> list[str]:
    """The options that shrink the training, for either command."""
    return ["--epochs", str(options.epochs)] + (["--limit", str(options.limit)] if options.limit else [])


def stopwatch(options: argparse.Namespace) -> None:
    """Runs our command in this process and notes when each stage begins and each epoch is done."""
    from vitviz.commands import main as command
    from vitviz.commands import train

    stages: dict[str, float] = {}
    epochs: dict[str, list[dict]] = {"vit": [], "fast": []}
    trained = []
    shown = train.show

    def show(progress, stage: str, trainers: list) -> None:
        stages.setdefault(stage, time.time())
        trained[:] = trainers
        for trainer in trainers:
            noted = epochs[trainer.model.config.kind]
            for row in trainer.history[len(noted) :]:
                noted.append({"time": time.time(), "val_accuracy": row["val_accuracy"]})
        shown(progress, stage, trainers)

    train.show = show
    code = command([*COMMAND, *limits(options), "--runs-dir", str(options.folder / "runs")])
    if code:
        raise SystemExit(code)
    from vitviz.training.fit import timing_of

    timings = [timing_of(trainer) for trainer in trained]
    options.stopwatch.write_text(json.dumps({"stages": stages, "epochs": epochs, "timings": timings}))


def report(found: dict) -> None:
    """Prints what was found."""
    ours, plain = found["ours"], found["plain"]
    print(f"{'seconds from the command':<38}{'ours':>9}{'plain':>9}{'ratio':>8}")

    def line(title: str, own: float | None, other: float) -> None:
        shown = f"{own:>9.1f}{other:>9.1f}{other / own:>8.2f}" if own else f"{'never':>9}{other:>9.1f}"
        print(f"{title:<38}{shown}")

    line("to the trained and saved pair", ours["seconds"], plain["seconds"])
    for kind, name in (("vit", "ViT"), ("fast", "fast ViT")):
        accuracy = plain["final"][kind]
        line(f"{name}: validation accuracy {accuracy:.4f}", ours["reached"][kind], plain["reached"][kind])
    for part, seconds in ours["parts"].items():
        print(f"  {part:<36}{seconds:>9.1f}")
    print(f"around the steps, of the training loop: {ours['around_the_steps']:.1%} "
          f"({ours['around_the_steps_without_validation']:.1%} without the validation's forward passes)")  # fmt: skip


def main() -> None:
    """Prints a table and writes it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=6, help="of either way (6, as in the tutorial)")
    parser.add_argument("--limit", type=int, help="the first N pictures only")
    parser.add_argument("--out", type=Path, default=Path("bench/results/end_to_end.json"))
    parser.add_argument("--stopwatch", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stopwatch:
        return stopwatch(options)
    with tempfile.TemporaryDirectory() as folder:
        plain = plain_way(options, Path(folder))
        ours = our_way(options, Path(folder), plain["final"])
    report({"ours": ours, "plain": plain})
    write(options.out, epochs=options.epochs, limit=options.limit, ours=ours, plain=plain)


if __name__ == "__main__":
    main()
