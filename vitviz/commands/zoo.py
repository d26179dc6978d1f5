"""`zoo`: build, list and verify the models that ship with the project."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vitviz import zoo
from vitviz.commands.options import add_data_options
from vitviz.commands.progress import Progress
from vitviz.commands.quiet import quiet_import

if TYPE_CHECKING:
    from vitviz.runs import RunRecord, RunStore

TOLERANCE = 0.001  # 0.1 points: what another processor's rounding may change


def add(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Adds the command's options."""
    parser = commands.add_parser("zoo", help="the shipped models: build what is missing, list, verify")
    parser.add_argument("action", choices=("build", "list", "verify"))
    parser.add_argument("--only", metavar="PATTERN", help="such as 'tuned-p7-*'")
    parser.add_argument("--markdown", action="store_true", help="list as the table of the README")
    parser.add_argument("--zoo-dir", type=Path, default=zoo.FOLDER, metavar="DIR", help="the folder of the zoo")
    add_data_options(parser, dataset=False)
    return parser


def run(options: argparse.Namespace, progress: Progress) -> dict:
    """Does one of the three; returns what was built, listed or verified."""
    return {"build": _build, "list": _list, "verify": _verify}[options.action](options, progress)


def _build(options: argparse.Namespace, progress: Progress) -> dict:
    from vitviz.live.error import Stopped
    from vitviz.runs import RunStore

    store, built = RunStore(options.zoo_dir), []
    zoo.chosen(options.only)
    with zoo.sole_build(store):
        quiet_import("tensorflow")
        wanted = zoo.missing(store, options.only)
        for number, entry in enumerate(wanted, 1):
            if entry not in zoo.missing(store, options.only):  # somebody has put it there since
                continue
            progress.say(f"{number}/{len(wanted)} {entry.id}")
            try:
                _build_one(entry, store, options.data_dir, progress)
            except KeyboardInterrupt as error:
                stopped = Stopped(
                    f"Stopped at {entry.id}; its complete epochs are kept, and its teacher's. To go on: "
                    "python -m vitviz zoo build"
                )
                stopped.result = {"built": built}
                raise stopped from error
            built.append(entry.id)
    return {"built": built}


def _build_one(entry: zoo.Entry, store: RunStore, data_dir: str | None, progress: Progress) -> None:
    from vitviz.commands.train import show

    if entry.id in store.ids():
        progress.say(f"    it is damaged, and set aside as {store.set_aside(entry.id).name}")
    zoo.build(entry, store, data_dir, partial(show, progress))
    progress.say(f"    test accuracy {store.load(entry.id).metrics['test']['accuracy']:.4f}")


def _list(options: argparse.Namespace, progress: Progress) -> dict:
    chosen = zoo.chosen(options.only)
    found, damaged = zoo.open_zoo(options.zoo_dir).scan()
    records = {record.id: record for record in found if zoo.fits(record.id, options.only)}
    if options.markdown:
        for line in _markdown(records):
            progress.say(line)
        return {"entries": sorted(records)}
    head = f"{'id':<20}{'parameters':>12}{'operations':>12}{'time ÷ ViT':>12}{'validation':>12}{'test':>8}"
    progress.say(head)
    rows = []
    for entry in chosen:
        record = records.get(entry.id)
        if record is None:
            progress.say(f"{entry.id:<20}  {damaged.get(entry.id, 'not built')}")
            continue
        pair = record.timing.get("pair")
        ratio = pair["ratio"] if pair else 1.0
        rows.append({"id": entry.id, **record.operations, "time_ratio": ratio, "metrics": record.metrics})
        progress.say(
            f"{entry.id:<20}{record.operations['params']:>12,}{record.operations['macs']:>12,}{ratio:>12.3f}"
            f"{record.metrics['validation']['accuracy']:>12.4f}{record.metrics['test']['accuracy']:>8.4f}"
        )
    return {"entries": rows}


def _markdown(records: dict[str, RunRecord]) -> list[str]:
    """One row per patch size, one column per model; each cell: test accuracy, parameters, operations, time ÷ ViT."""
    columns = ["vit", *(f"fast{n_maps}" for n_maps in zoo.N_MAPS)]
    titles = ["ViT", *(f"n_maps {n_maps}" for n_maps in zoo.N_MAPS)]
    lines = [f"| patch | {' | '.join(titles)} |", "|---" * (len(titles) + 1) + "|"]
    for patch_size in sorted(zoo.PATCH_SIZES):
        cells = [_cell(records.get(f"tuned-p{patch_size}-{column}")) for column in columns]
        lines.append(f"| {patch_size} | {' | '.join(cells)} |")
    return lines


def _cell(record: RunRecord | None) -> str:
    if record is None:
        return "–"
    pair = record.timing.get("pair")
    return (
        f"**{record.metrics['test']['accuracy']:.2%}**<br>{record.operations['params'] / 1000:.0f} k · "
        f"{record.operations['macs'] / 1e6:.2f} M<br>× {pair['ratio'] if pair else 1:.2f}"
    )


def _verify(options: argparse.Namespace, progress: Progress) -> dict:
    """Computes every test accuracy again from the stored weights. Raises `ValueError`: one is lacking or not true."""
    from vitviz.commands.chosen_run import model_of, pictures

    chosen = zoo.chosen(options.only)
    found, reasons = zoo.open_zoo(options.zoo_dir).scan()
    damaged = [f"{id}: {reason}" for id, reason in reasons.items() if zoo.fits(id, options.only)]
    if damaged:
        raise ValueError(f"{len(damaged)} entry(ies) of the zoo cannot be read: {'; '.join(damaged)}")
    records = [record for record in found if zoo.fits(record.id, options.only)]
    if not records:
        raise ValueError(f"There is nothing to verify in {options.zoo_dir}: python -m vitviz zoo build fills it.")
    lacking = [entry.id for entry in chosen if entry.id not in {record.id for record in records}]
    if lacking and options.only is None:
        raise ValueError(
            f"{len(lacking)} entry(ies) of the zoo are missing: {', '.join(lacking)}. python -m vitviz zoo build "
            "trains them; with --only '*' what is there is verified."
        )
    off, checked = [], []
    for record in sorted(records, key=lambda record: record.id):
        test = pictures(record, options).test
        model = model_of(record)
        from vitviz.training.metrics import scores
        from vitviz.training.predict import Predictor

        stored = record.metrics["test"]["accuracy"]
        found = scores(Predictor(model)(test.images), test.labels)["accuracy"]
        progress.say(f"{record.id:<20} stored {stored:.4f}, found {found:.4f} on {len(test):,} test pictures")
        checked.append({"id": record.id, "stored": stored, "found": found})
        if abs(found - stored) > TOLERANCE:
            off.append(f"{record.id} says {stored:.4f} and has {found:.4f}")
    if off:
        raise ValueError(f"The zoo's figures are off by more than 0.1 points: {'; '.join(off)}. Build those anew.")
    return {"verified": checked}
