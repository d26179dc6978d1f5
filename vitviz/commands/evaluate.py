"""`evaluate`: the scores of a run on one split of its pictures, computed anew."""

from __future__ import annotations

import argparse

from vitviz.commands.options import SPLITS, add_data_options
from vitviz.commands.progress import Progress


def add(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Adds the command's options."""
    parser = commands.add_parser("evaluate", help="the scores of a run, computed anew")
    parser.add_argument("run_id", metavar="RUN", help="an id, or its beginning")
    parser.add_argument("--split", choices=SPLITS, default="test", help="which pictures (test)")
    add_data_options(parser, dataset=False)
    return parser


def run(options: argparse.Namespace, progress: Progress) -> dict:
    """Prints and returns the five scores."""
    from vitviz.commands.chosen_run import chosen_run, model_of, pictures, split

    record = chosen_run(options)
    part = split(record, pictures(record, options), options.split)
    if not len(part):
        raise ValueError(
            f"The run {record.id} held no pictures out for validation: use --split train or test."
        )
    model = model_of(record)
    from vitviz.training.metrics import scores
    from vitviz.training.predict import Predictor

    progress.bar(0, f"{len(part):,} pictures")
    values = scores(Predictor(model)(part.images), part.labels)
    for name, value in values.items():
        progress.say(f"{name:<10} {value:.4f}")
    return {"id": record.id, "split": options.split, "pictures": len(part), **values}
