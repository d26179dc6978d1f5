"""The state of a training after its last complete epoch, on disk, whole or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np

from vitviz.runs.atomic import whole_folder
from vitviz.training.trainer import Trainer

ARRAYS, VALUES = "state.npz", "state.json"


def save_checkpoint(trainer: Trainer, folder: Path) -> None:
    """Writes the state after this epoch into `folder`, then removes that of the epoch before.

    Raises:
        OSError: it cannot be written; the state before is then still there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays, values = trainer.state()
    target = folder / f"epoch-{trainer.epochs_done:04d}"
    with whole_folder(target) as beside:
        np.savez(beside / ARRAYS, **arrays)
        (beside / VALUES).write_text(json.dumps(values))
    for older in sorted(folder.glob("epoch-*")):
        if older != target:
            shutil.rmtree(older, ignore_errors=True)


def load_checkpoint(trainer: Trainer, folder: Path) -> bool:
    """Puts the trainer where the newest readable state in `folder` was; False where there is none."""
    for state in sorted(folder.glob("epoch-*"), reverse=True):
        try:
            with np.load(state / ARRAYS, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            values = json.loads((state / VALUES).read_text())
            trainer.restore(arrays, values)
        except (OSError, ValueError, KeyError, EOFError):  # damaged: an older one may do
            continue
        return True
    return False
