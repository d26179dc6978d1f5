"""`train`: one model or the pair, on real pictures, to runs in the store."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from vitviz.commands.options import add_model_options, add_train_options, shapes, training
from vitviz.commands.progress import Progress
from vitviz.commands.quiet import quiet_import

if TYPE_CHECKING:
    from vitviz.runs import RunRecord
    from vitviz.training.trainer import Trainer

# What the tutorial published for its pair: 4 classes, patch 5, 4 maps, 6 epochs. The ratio is of its training times.
PUBLISHED_RATIO = 0.636


def add(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Adds the command's options."""
    parser = commands.add_parser("train", help="train a ViT, a fast ViT, or both side by side")
    add_model_options(parser)
    add_train_options(parser)
    return parser


def run(options: argparse.Namespace, progress: Progress) -> dict:
    """Trains, saves and compares; returns the runs and, for a pair, the ratio of their step times."""
    from vitviz.data import load
    from vitviz.runs import RunStore

    chosen, config = training(options)
    shapes(options)  # refuses a bad model before any picture is read
    classes = options.classes or (chosen.model.classes if chosen.name == "article" else None)
    dataset = load(config.dataset, folder=options.data_dir, classes=classes, limit=config.limit, seed=config.seed)
    progress.say(
        f"{len(dataset.train):,} training and {len(dataset.test):,} test pictures of {dataset.classes} classes, "
        f"from {dataset.source}"
    )
    models = shapes(options, dataset)
    quiet_import("tensorflow")
    from vitviz.training.fit import train

    store = RunStore(options.runs_dir)
    results = train(
        models,
        config,
        dataset,
        preset=chosen.name,
        name=store.free_id,
        on_progress=lambda stage, them: show(progress, stage, them),
    )
    for result in results:
        store.save(result.record, result.weights)
    records = [result.record for result in results]
    for line in comparison(records):
        progress.say(line)
    pair = records[0].timing["pair"]
    return {"runs": [as_object(record) for record in records], "time_ratio": pair["ratio"] if pair else None}


def show(progress: Progress, stage: str, trainers: list[Trainer]) -> None:
    """Draws how far a training is."""
    total = sum(trainer.config.epochs * trainer.steps_per_epoch for trainer in trainers)
    done = sum(trainer.steps_done for trainer in trainers)
    parts = []
    for trainer in trainers:
        part = f"{trainer.model.config.kind} {trainer.epochs_done}/{trainer.config.epochs}"
        if trainer.history:
            row = trainer.history[-1]
            part += f" {row.get('val_accuracy', row['accuracy']):.3f}"
        parts.append(part)
    clocks = [trainer.clock / max(trainer.steps_done, 1) for trainer in trainers]
    left = sum(
        clock * (trainer.config.epochs * trainer.steps_per_epoch - trainer.steps_done)
        for clock, trainer in zip(clocks, trainers, strict=True)
    )
    text = {"compile": "compiling", "evaluate": "evaluating"}.get(stage, f"{' · '.join(parts)} · {left:.0f} s left")
    progress.bar(done / total, text)


def comparison(records: list[RunRecord]) -> list[str]:
    """The runs side by side: size, time, and the scores on every split."""
    names = ["ViT" if record.model.kind == "vit" else "fast ViT" for record in records]
    lines = ["", f"{'':<26}" + "".join(f"{name:>14}" for name in names)]

    def row(title: str, values: list[str]) -> None:
        lines.append(f"{title:<26}" + "".join(f"{value:>14}" for value in values))

    row("parameters", [f"{record.operations['params']:,}" for record in records])
    row("operations per picture", [f"{record.operations['macs'] / 1e6:.2f} M" for record in records])
    row("training, steps alone", [f"{record.timing['train_seconds']:.1f} s" for record in records])
    row("compilation", [f"{record.timing['compile_seconds']:.1f} s" for record in records])
    row("one step, median", [f"{record.timing['step_ms']['median']:.2f} ms" for record in records])
    row("one step, quartiles", [f"{r.timing['step_ms']['q1']:.2f}–{r.timing['step_ms']['q3']:.2f}" for r in records])
    for split in ("train", "validation", "test"):
        for name in ("loss", "accuracy", "precision", "recall", "top5"):
            if all(split in record.metrics for record in records):
                row(f"{split} {name}", [f"{record.metrics[split][name]:.4f}" for record in records])
    if records[0].model.classes <= 5:
        lines.append("top5 is always 1 with five classes or fewer.")
    pair = records[0].timing["pair"]
    if pair:
        counted = records[1].operations["macs"] / records[0].operations["macs"]
        lines.append(
            f"time of a step, fast ViT ÷ ViT: {pair['ratio']:.3f} (quartiles {pair['q1']:.3f}–{pair['q3']:.3f} over "
            f"{pair['slices']} alternating slices); operations: {counted:.3f}; the tutorial's time: {PUBLISHED_RATIO}"
        )
    return [*lines, *(f"saved: {record.id}" for record in records)]


def as_object(record: RunRecord) -> dict:
    """A run, fit for JSON."""
    return {
        "id": record.id,
        "model": record.model.kind,
        "params": record.operations["params"],
        "macs": record.operations["macs"],
        "train_seconds": record.timing["train_seconds"],
        "step_ms_median": record.timing["step_ms"]["median"],
        **record.metrics,
    }
