"""The state of a training after its last complete epochs, on disk, whole or not at all."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from vitviz.runs.atomic import SAVING, whole_folder
from vitviz.runs.error import FULL
from vitviz.training.trainer import OtherTraining, Trainer

ARRAYS = "state.npz"
VALUES = "values"  # the plain values, as JSON in bytes: within the archive they have its checksum
KEPT = 2  # should the newest be damaged, the one before it costs an epoch and not the training
_DAMAGE = (OSError, ValueError, KeyError, EOFError, RuntimeError, TypeError, zipfile.BadZipFile, zlib.error)


def save_checkpoint(trainer: Trainer, folder: Path) -> None:
    """Writes the state after this epoch into `folder`, and removes what is older than the one before.

    Raises:
        OSError: it cannot be written; at least one state before it is then still there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays, values = trainer.state()
    buffer = io.BytesIO()  # in memory first: a full disk then stops one plain write, not a half-closed archive
    np.savez(buffer, **arrays, **{VALUES: np.frombuffer(json.dumps(values).encode(), np.uint8)})
    target = folder / f"epoch-{trainer.epochs_done:04d}"
    shutil.rmtree(target, ignore_errors=True)  # of this name there is only one that could not be read
    try:
        _write(target, buffer)
    except OSError as error:
        older = states(folder)[1:]
        if error.errno not in FULL or not older:
            raise
        for state in older:
            shutil.rmtree(state, ignore_errors=True)
        _write(target, buffer)  # there may be room now
    for state in states(folder)[KEPT:]:
        shutil.rmtree(state, ignore_errors=True)


def load_checkpoint(
    trainer: Trainer, folder: Path, on_damage: Callable[[Path, Exception], None] = lambda state, error: None
) -> bool:
    """Puts the trainer where the newest readable state in `folder` was; False where there is none.

    `on_damage` is called for each newer one that cannot be read.

    Raises:
        OtherTraining: the newest readable state is that of other settings or of other pictures.
    """
    for left in folder.glob(f"{SAVING}*"):  # by a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    for state in states(folder):
        try:
            with np.load(state / ARRAYS, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            values = json.loads(arrays.pop(VALUES).tobytes())
            trainer.restore(arrays, values)
        except OtherTraining as error:  # its older ones are, too
            raise OtherTraining(f"{state}: {error} Go on with those, or delete {folder} to begin anew.") from error
        except _DAMAGE as error:  # an older one may do
            on_damage(state, error)
            continue
        return True
    return False


def states(folder: Path) -> list[Path]:
    """What is there, the newest first."""
    return sorted(folder.glob("epoch-*"), reverse=True)


def _write(target: Path, buffer: io.BytesIO) -> None:
    with whole_folder(target) as beside:
        (beside / ARRAYS).write_bytes(buffer.getbuffer())
