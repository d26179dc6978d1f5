"""From a working folder to runs: saved with their snapshots, then given the records of their training."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from vitviz.live.error import why
from vitviz.live.files import CHECKPOINTS, EPOCHS, JOB, LOG, PROGRESS, TRAINING, history_name, write_json
from vitviz.live.job import read
from vitviz.live.jobs import remove_empty
from vitviz.live.snapshots import Snapshots
from vitviz.live.worker import Worker
from vitviz.runs import RunError, RunRecord, RunStore
from vitviz.runs.atomic import remove_folder


def save(worker: Worker, record: RunRecord, weights: Mapping[str, np.ndarray]) -> None:
    """Saves a run with its snapshots. What this training saved when it was stopped makes way for it.

    Raises:
        RunError: it cannot be saved; what was there is then there again, and so is the newest checkpoint.
    """
    store, kind = RunStore(worker.root), record.model.kind
    target, aside = store.root / record.id, worker.folder / f"before-{kind}"
    if not _is_there(store, record):  # it is, where the process was killed between two of its saves
        shutil.rmtree(aside, ignore_errors=True)
        if target.exists():
            os.rename(target, aside)
        try:
            _save_with_room(store, worker.folder / CHECKPOINTS, record, weights)
        except RunError:
            if aside.exists():
                os.rename(aside, target)
            raise
        shutil.rmtree(aside, ignore_errors=True)
    try:
        if not (target / EPOCHS).exists():
            Snapshots(worker.folder / EPOCHS / kind).copy_to(target / EPOCHS)
    except OSError as error:
        worker.warn(
            f"epochs of {kind}",
            f"The epochs of {record.id} could not be kept with it: {why(error)}. The run itself is whole.",
        )


def hand_over(folder: Path, ids: list[str]) -> None:
    """Moves the records of a finished training into its runs and removes its working folder.

    A folder that cannot be moved stays: it says that it is finished too.
    """
    root = folder.parents[1]
    names, job = [JOB, LOG, history_name("vit"), history_name("fast")], read(folder)
    try:
        for id in ids:
            beside = root / id / f".{TRAINING}.part"
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir()
            for name in names:
                if (folder / name).exists():
                    shutil.copyfile(folder / name, beside / name)
            write_json(beside / PROGRESS, job.progress)  # its end may stand among the last words only
            if not (root / id / TRAINING).exists():
                os.rename(beside, root / id / TRAINING)
        remove_folder(folder)
    except OSError:
        return
    remove_empty(root)


def _is_there(store: RunStore, record: RunRecord) -> bool:
    try:
        there = store.load(record.id) if record.id in store.ids() else None
    except RunError:
        return False
    return there is not None and (there.status, there.pair) == (record.status, record.pair)


def _save_with_room(store: RunStore, checkpoints: Path, record: RunRecord, weights: Mapping[str, np.ndarray]) -> None:
    try:
        store.save(record, weights)
    except RunError:
        older = [state for kind in checkpoints.glob("*") for state in sorted(kind.glob("epoch-*"))[:-1]]
        if not older:
            raise
        for state in older:  # the newest of each is enough; there may be room then
            shutil.rmtree(state, ignore_errors=True)
        store.save(record, weights)
