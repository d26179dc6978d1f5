"""`train`: one model or the pair, on real pictures, to runs in the store.

Every training works in a folder of its own, which others may watch, stop and continue: see `vitviz.live`.
"""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from vitviz.analysis.operations import TUTORIAL_RATIO
from vitviz.commands.options import shapes
from vitviz.commands.plan import Plan, add_options, arguments_of
from vitviz.commands.progress import Progress
from vitviz.commands.quiet import quiet_import
from vitviz.config import ModelConfig

if TYPE_CHECKING:
    from vitviz.data import Dataset
    from vitviz.live.worker import Worker
    from vitviz.runs import RunRecord
    from vitviz.training.fit import Trained
    from vitviz.training.trainer import Trainer


def add(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Adds the command's options."""
    return add_options(commands.add_parser("train", help="train a ViT, a fast ViT, or both side by side"))


def run(options: argparse.Namespace, progress: Progress) -> dict:
    """Trains, saves and compares; returns the runs and, for a pair, the ratio of their step times.

    Raises:
        Stopped: somebody stopped it; what is complete is saved.
    """
    from vitviz.live.publish import hand_over
    from vitviz.live.worker import Worker

    if options.max_jobs < 1:
        raise ValueError(f"--max-jobs must be at least 1, not {options.max_jobs}.")
    root = Path(options.runs_dir)
    was_there = root.exists()
    folder = _working_folder(options, root)
    worker = Worker(folder)
    worker.fleeting = options.job is None and options.go_on is None
    try:
        with worker:
            plan = Plan.of(worker, options)
            result = _train(worker, plan, options.max_jobs, _Told(progress, worker))
            worker.end("finished", share=1.0, seconds_left=0.0, time_ratio=result["time_ratio"])
    except BaseException:
        if not was_there:
            _remove_if_empty(root)
        raise
    hand_over(folder, [saved["id"] for saved in result["runs"]])
    return result


class _Told:
    """What is said to whoever sits here is also in the log, for whoever looks later."""

    def __init__(self, progress: Progress, worker: Worker) -> None:
        self.bar, self._progress, self._worker = progress.bar, progress, worker

    def say(self, text: str) -> None:
        self._progress.say(text)
        self._worker.log(text)


def _working_folder(options: argparse.Namespace, root: Path) -> Path:
    from vitviz.live.files import LIVE
    from vitviz.live.jobs import create, find_job, label

    if options.job is not None:
        return root / LIVE / options.job
    if options.go_on is None:
        plan = Plan.new(options)
        return create(root, label(shapes(options), plan.preset), arguments_of(options), plan.created)
    others = set(arguments_of(options)[::2]) - {"--preset", "--model", "--data-dir"}
    if others:
        raise ValueError(f"--continue goes on with the settings that the training has: leave out {min(others)}.")
    return find_job(root, options.go_on).folder


def _train(worker: Worker, plan: Plan, at_once: int, progress: _Told) -> dict:
    from vitviz.data import load
    from vitviz.live.jobs import plan_runs
    from vitviz.live.publish import save
    from vitviz.runs import new_id

    worker.wait_for_turn(at_once, lambda ahead: progress.bar(0, f"waiting for {ahead} other training(s)"))
    worker.report(now=True, state="running", stage="loading")
    config = plan.config
    dataset = load(config.dataset, folder=plan.data_dir, classes=plan.classes, limit=config.limit, seed=config.seed)
    progress.say(
        f"{len(dataset.train):,} training and {len(dataset.test):,} test pictures of {dataset.classes} classes, "
        f"from {dataset.source}"
    )
    models = plan.shapes(dataset)
    worker.settle(**plan.settings(models))
    ids = worker.settings.get("runs") or plan_runs(
        worker.folder, {model.kind: new_id(model, plan.preset, plan.created) for model in models}
    )
    worker.check()
    quiet_import("tensorflow")
    results = _fit(worker, plan, models, dataset, ids, progress)
    worker.report(now=True, stage="save")
    saved = []
    for result in results:
        save(worker, result.record, result.weights)
        saved.append(result.record.id)
        worker.report(now=True, runs=saved)
    records = [result.record for result in results]
    if records:
        for line in comparison(records):
            progress.say(line)
    pair = records[0].timing["pair"] if records else None
    answer = {"runs": [as_object(record) for record in records], "time_ratio": pair["ratio"] if pair else None}
    if len(records) < len(models) or any(record.status["state"] != "finished" for record in records):
        raise _stopped(worker, records, answer)
    return answer


def _fit(
    worker: Worker, plan: Plan, models: list[ModelConfig], dataset: Dataset, ids: dict[str, str], progress: _Told
) -> list[Trained]:
    from vitviz.runs import new_id
    from vitviz.training.fit import train
    from vitviz.training.working import WorkingFolder

    names = {new_id(model, plan.preset, plan.created): ids[model.kind] for model in models}
    try:
        return train(
            models, plan.config, dataset, preset=plan.preset, name=names.__getitem__, created=plan.created,
            on_progress=lambda stage, trainers: show(progress, stage, trainers), keeper=WorkingFolder(worker),
        )  # fmt: skip
    except Exception as error:
        if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":  # TensorFlow's
            raise MemoryError(
                f"There is not enough memory for steps of {plan.config.batch_size:,} pictures: choose a smaller "
                "--batch-size, a smaller --width, or fewer pictures (--limit)."
            ) from error
        raise


def _stopped(worker: Worker, records: list[RunRecord], answer: dict) -> KeyboardInterrupt:
    from vitviz.live.control import continue_command
    from vitviz.live.error import Stopped
    from vitviz.live.job import read

    if not records:
        return Stopped("Stopped before any epoch was complete: there is nothing to keep.")
    kept = ", ".join(f"{r.status['epochs_done']} of {r.train.epochs} epochs in {r.id}" for r in records)
    stopped = Stopped(f"Stopped; kept: {kept}. To go on: {continue_command(read(worker.folder))}")
    stopped.result = answer
    return stopped


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):  # somebody's files are there, or it was never made
        folder.rmdir()


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
            f"{pair['slices']} alternating slices); operations: {counted:.3f}; the tutorial's time: {TUTORIAL_RATIO}"
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
