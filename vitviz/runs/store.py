"""RunStore: the runs of one folder. List, load, save whole, delete."""

from __future__ import annotations

import errno
import secrets
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from vitviz.runs.atomic import remove_folder, sweep, whole_folder
from vitviz.runs.error import FORBIDDEN, FULL, RunError, why
from vitviz.runs.files import read_files, write_files
from vitviz.runs.find import find_id
from vitviz.runs.record import RunRecord, check_id, damaged

_TAKEN = (errno.EEXIST, errno.ENOTEMPTY)
# what may help before another folder does
_FIRST = dict.fromkeys(FULL, "Make room") | dict.fromkeys(FORBIDDEN, "Grant it") | {errno.EFBIG: "Raise the limit"}


class RunStore:
    """The runs under `root`, which is made by the first save. `read_only` refuses every change."""

    def __init__(self, root: str | Path, read_only: bool = False) -> None:
        self.root = Path(root)
        self.read_only = read_only

    def ids(self) -> list[str]:
        """The names of all runs, damaged ones included, in alphabetical order. Raises `RunError`."""
        try:
            return sorted(entry.name for entry in self.root.iterdir()
                          if entry.is_dir() and not entry.name.startswith("."))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RunError(f"{self.root} cannot be read as a folder of runs: {error.strerror}. "
                           "Name another folder with --runs-dir.") from error

    def scan(self) -> tuple[list[RunRecord], dict[str, str]]:
        """Every run that can be read, newest first, and for every other one the reason why not."""
        records, reasons = [], {}
        for id in self.ids():
            try:
                records.append(self._read(id))
            except RunError as error:
                if (self.root / id).exists():  # and was not deleted by someone else while it was read
                    reasons[id] = str(error)
        return sorted(records, key=lambda record: (record.created, record.id), reverse=True), reasons

    def list(self) -> list[RunRecord]:
        """Every run that can be read, newest first."""
        return self.scan()[0]

    def damaged(self) -> dict[str, str]:
        """For every run that cannot be read, one sentence that says why."""
        return self.scan()[1]

    def load(self, id: str) -> RunRecord:
        """The run with this id, or the only one whose id begins so. Raises `RunError`."""
        found = find_id(id, self.ids(), where=str(self.root))
        try:
            return self._read(found)
        except RunError as error:
            raise damaged(found, error) from error

    def save(self, record: RunRecord, weights: Mapping[str, np.ndarray], *, compact: bool = False) -> Path:
        """Writes a run, whole or not at all, and returns its folder.

        `compact` keeps the weights in half precision. Raises `RunError`: for an id that is taken (nothing is ever
        overwritten), a full disk, a folder that may not be written, weights that are not plain arrays.
        """
        self._refuse_if_read_only()
        target = self.root / record.id
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            sweep(self.root)
            if target.exists():  # before the work of writing; the rename refuses it once more
                raise FileExistsError(errno.EEXIST, "it exists", str(target))
            with whole_folder(target) as folder:
                write_files(folder, record, weights, compact=compact)
        except OSError as error:
            raise self._cannot("saved", record.id, error) from error
        return target

    def delete(self, id: str) -> None:
        """Removes the run with exactly this id, damaged or not. Raises `RunError`."""
        self._refuse_if_read_only()
        if id not in self.ids():  # also keeps anything that is not a plain name out of the path
            raise RunError(f"There is no run {id!r} in {self.root} to delete; deleting takes the whole id.")
        try:
            remove_folder(self.root / id)
        except OSError as error:
            raise self._cannot("deleted", id, error) from error

    def set_aside(self, id: str) -> Path:
        """Takes a damaged run out of the list and keeps its files, under a name with a dot. Raises `RunError`."""
        self._refuse_if_read_only()
        check_id(id)
        aside = self.root / f".damaged-{id}-{secrets.token_hex(4)}"
        try:
            return (self.root / id).rename(aside)
        except OSError as error:
            raise self._cannot("set aside", id, error) from error

    def free_id(self, wanted: str) -> str:
        """`wanted`, or where a run is called so already, `wanted-2`, `wanted-3`, …"""
        check_id(wanted)
        taken, id, number = set(self.ids()), wanted, 1
        while id in taken:
            number += 1
            id = f"{wanted}-{number}"
        return id

    def _read(self, id: str) -> RunRecord:
        check_id(id)
        return read_files(self.root / id)

    def _refuse_if_read_only(self) -> None:
        if self.read_only:
            raise RunError(f"The runs in {self.root} are shipped and stay as they are: name another folder "
                           "with --runs-dir.")

    def _cannot(self, done: str, id: str, error: OSError) -> RunError:
        beginning = f"The run {id} could not be {done} in {self.root}"
        if error.errno in _TAKEN and done == "saved" and (self.root / id).exists():
            return RunError(f"{beginning}: a run of that name is there already. Choose another id, or delete it first.")
        way_out = f"{_FIRST[error.errno]}, or name" if error.errno in _FIRST else "Name"
        return RunError(f"{beginning}: {why(error)}. {way_out} another folder with --runs-dir.")
