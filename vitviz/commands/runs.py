"""`runs`: what has been trained."""

from __future__ import annotations

import argparse

from vitviz.commands.progress import Progress


def add(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Adds the command's options."""
    return commands.add_parser("runs", help="list the trained models")


def run(options: argparse.Namespace, progress: Progress) -> dict:
    """Prints a line per run, newest first, and names the damaged ones."""
    from vitviz.runs import Runs, RunStore

    records, damaged = Runs(RunStore(options.runs_dir)).scan()
    if records:
        progress.say(f"{'id':<44}{'data set':<20}{'epochs':>7}{'test accuracy':>15}{'ms a step':>11}")
    for record in records:
        accuracy = record.metrics.get("test", {}).get("accuracy", float("nan"))
        step = record.timing.get("step_ms", {}).get("median", float("nan"))
        epochs = record.status["epochs_done"]
        progress.say(f"{record.id:<44}{record.train.dataset:<20}{epochs:>7}{accuracy:>15.4f}{step:>11.2f}")
    for id, reason in damaged.items():
        progress.say(f"{id:<44}damaged: {reason}")
    if not records and not damaged:
        progress.say(f"No runs in {options.runs_dir} yet: python -m vitviz train makes one.")
    listed = [
        {"id": r.id, "model": r.model.kind, "preset": r.preset, "dataset": r.train.dataset, "pair": r.pair,
         "state": r.status["state"], "epochs": r.status["epochs_done"], "created": r.created.isoformat(),
         "test": r.metrics.get("test")}
        for r in records
    ]  # fmt: skip
    return {"runs": listed, "damaged": damaged}
