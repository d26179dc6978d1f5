"""`estimate`: what a training would be and how long it would take here, by a few real steps of it."""

from __future__ import annotations

import argparse
from time import perf_counter

from vitviz.commands.options import add_model_options, add_train_options, shapes
from vitviz.commands.progress import Progress
from vitviz.commands.quiet import quiet_import


def add(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Adds the command's options: those of `train`."""
    parser = commands.add_parser("estimate", help="how long a training would take on this machine")
    add_model_options(parser)
    add_train_options(parser)
    return parser


def run(options: argparse.Namespace, progress: Progress) -> dict:
    """Measures and reckons; returns the parts for each model, and the whole in seconds."""
    from vitviz.commands.plan import Plan
    from vitviz.data import load
    from vitviz.live import list_jobs

    plan, start = Plan.new(options), perf_counter()
    config = plan.config
    dataset = load(config.dataset, folder=plan.data_dir, classes=plan.classes, limit=config.limit, seed=config.seed)
    models = shapes(options, dataset)
    busy = sum(job.state == "running" for job in list_jobs(options.runs_dir))
    quiet_import("tensorflow")
    from vitviz.training.estimate import estimate

    setup = perf_counter() - start
    estimates = estimate(models, config, dataset, progress.bar)
    seconds = setup + sum(one.seconds for one in estimates)
    progress.say(f"{'':<10}{'tokens':>8}{'parameters':>14}{'operations':>14}{'ms a step':>11}{'seconds':>9}")
    for one in estimates:
        values = one.as_object()
        name = "ViT" if one.model.kind == "vit" else "fast ViT"
        progress.say(f"{name:<10}{values['tokens']:>8}{values['params']:>14,}{values['macs']:>14,}"
                     f"{one.step_ms['median']:>11.2f}{one.seconds:>9.0f}")
    progress.say(f"{config.epochs} epochs of {len(dataset.train):,} pictures: about {seconds:.0f} seconds in all"
                 + (f", measured while {busy} training(s) are at work" if busy else ""))
    return {
        "models": [one.as_object() for one in estimates], "epochs": config.epochs, "batch_size": config.batch_size,
        "pictures": {"train": len(dataset.train), "test": len(dataset.test)}, "setup_seconds": setup,
        "seconds": seconds, "busy": busy,
    }  # fmt: skip
