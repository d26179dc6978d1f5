"""Snapshots: the weights of a model after each epoch, in half precision, for going back in time."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from vitviz.live.files import read_json, write_json
from vitviz.runs import RunError
from vitviz.runs.archive import read_weights, write_weights

PICTURES = "pictures.json"
_NAME = re.compile(r"(\d{3,})\.npz")


class Snapshots:
    """A folder with `NNN.npz` for each epoch, `000` before the first, and a note of which pictures to show.

    It is `<run>/epochs` of a finished run and `Job.snapshots(kind)` of one on its way.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def epochs(self) -> list[int]:
        """The epochs of which there is a snapshot, in order; 0 is before the first."""
        try:
            names = os.listdir(self.folder)
        except OSError:
            return []
        return sorted(int(match[1]) for name in names if (match := _NAME.fullmatch(name)))

    def weights(self, epoch: int, expected: Mapping[str, tuple[int, ...]] | None = None) -> dict[str, np.ndarray]:
        """The weights after `epoch`, as float32; `expected` gives the shape of every name. Raises `RunError`."""
        return read_weights(self._path(epoch), expected)

    def pictures(self) -> dict:
        """`split` and `positions` in it of the fixed pictures, and their `labels`; empty without any."""
        return read_json(self.folder / PICTURES)

    def write(self, epoch: int, weights: Mapping[str, np.ndarray]) -> None:
        """Adds the snapshot of an epoch, whole or not at all. Raises `OSError`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = self.folder / f".{epoch:03}.part"
        try:
            try:
                write_weights(beside, weights, compact=True)
            except RunError:  # a training that diverges leaves the range of half precision
                write_weights(beside, weights, compact=False)
            os.replace(beside, self._path(epoch))
        except OSError:
            beside.unlink(missing_ok=True)
            raise

    def note_pictures(self, split: str, positions: list[int], labels: list[int]) -> None:
        """Says which pictures to show. Raises `OSError`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self.folder / PICTURES, {"split": split, "positions": positions, "labels": labels})

    def drop_after(self, epoch: int) -> None:
        """Forgets the snapshots of later epochs, which are about to be trained again."""
        for later in self.epochs():
            if later > epoch:
                self._path(later).unlink(missing_ok=True)

    def copy_to(self, folder: Path) -> None:
        """The same snapshots in another folder, which appears whole. Raises `OSError`."""
        beside = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        try:
            for path in [*map(self._path, self.epochs()), self.folder / PICTURES]:
                if path.exists():
                    _link(path, beside / path.name)
            os.replace(beside, folder)
        except OSError:
            shutil.rmtree(beside, ignore_errors=True)
            raise

    def _path(self, epoch: int) -> Path:
        return self.folder / f"{epoch:03}.npz"


def _link(source: Path, target: Path) -> None:
    """A second name for a file that nobody changes any more; a copy where the disk has no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
