"""Runs: several stores seen as one, such as a person's own runs and the shipped ones."""

from __future__ import annotations

from vitviz.runs.find import find_id
from vitviz.runs.record import RunRecord
from vitviz.runs.store import RunStore


class Runs:
    """Reads `stores` as one. Where two hold the same id, the earlier store's run is the one that counts."""

    def __init__(self, *stores: RunStore) -> None:
        self.stores = stores

    def ids(self) -> list[str]:
        """The names of all runs, damaged ones included, in alphabetical order."""
        return sorted(self._owners())

    def scan(self) -> tuple[list[RunRecord], dict[str, str]]:
        """Every run that can be read, newest first, and for every other one the reason why not."""
        records, reasons, seen = [], {}, set()
        for store in self.stores:
            whole, damaged = store.scan()
            records += [record for record in whole if record.id not in seen]
            reasons |= {id: reason for id, reason in damaged.items() if id not in seen}
            seen |= {record.id for record in whole} | set(damaged)
        return sorted(records, key=lambda record: (record.created, record.id), reverse=True), reasons

    def list(self) -> list[RunRecord]:
        """Every run that can be read, newest first."""
        return self.scan()[0]

    def damaged(self) -> dict[str, str]:
        """For every run that cannot be read, one sentence that says why."""
        return self.scan()[1]

    def load(self, id: str) -> RunRecord:
        """The run with this id, or the only one whose id begins so. Raises `RunError`."""
        owners = self._owners()
        found = find_id(id, owners, where=" or ".join(str(store.root) for store in self.stores))
        return owners[found].load(found)

    def _owners(self) -> dict[str, RunStore]:
        return {id: store for store in reversed(self.stores) for id in store.ids()}
