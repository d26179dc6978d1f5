"""A keeper that leaves everything in a working folder: checkpoints, snapshots, history and progress."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from pathlib import Path

from vitviz.data import Dataset
from vitviz.live.error import JobError, why
from vitviz.live.files import CHECKPOINTS, EPOCHS, history_name, read_json, write_bytes, write_json
from vitviz.live.snapshots import Snapshots
from vitviz.live.worker import Worker
from vitviz.training.checkpoint import load_checkpoint, save_checkpoint, states
from vitviz.training.keeper import Keeper
from vitviz.training.race import PairedTiming
from vitviz.training.report import report
from vitviz.training.trainer import Trainer

RATIOS = "ratios.json"
PICTURES = 10  # of the test pictures, the first of each class: what the time machine shows


class WorkingFolder(Keeper):
    """Keeps a training in the folder of its worker. What cannot be written is a warning, and tried again later."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.folder = worker.folder
        self._told: dict[str, int] = {}  # lines of the history that are written, by kind
        self._gap = ""

    def resume(self, trainers: list[Trainer], dataset: Dataset) -> PairedTiming:
        """Goes on from the last complete epochs.

        Raises:
            JobError: there are some, and none can be read.
            OtherTraining: they are those of other settings or of other pictures.
        """
        for trainer in trainers:
            self._load(trainer)
            self._settle(trainer, dataset)
        if not any(trainer.epochs_done for trainer in trainers):
            return PairedTiming()
        return PairedTiming([float(ratio) for ratio in read_json(self.folder / RATIOS).get("ratios", [])])

    def on_epoch(self, trainer: Trainer, timing: PairedTiming) -> None:
        """Writes the checkpoint first, then what a loss of would be a pity."""
        kind, epoch = kind_of(trainer), trainer.epochs_done
        self.worker.fleeting = False
        self._tell(trainer)
        try:
            save_checkpoint(trainer, self.folder / CHECKPOINTS / kind)
        except OSError as error:
            kept = next((int(state.name[6:]) for state in states(self.folder / CHECKPOINTS / kind)), 0)
            self.worker.warn(
                f"checkpoint of {kind}",
                f"Epoch {epoch} of the {kind} could not be kept: {why(error)}. The training goes on; should it end "
                f"before there is room, it can be continued from {f'epoch {kept}' if kept else 'the beginning'}.",
            )
        self._try(f"A snapshot of the {kind}", lambda: self.snapshots(kind).write(epoch, trainer.weights()))
        self._try("The ratio so far", lambda: write_json(self.folder / RATIOS, {"ratios": timing.ratios}))

    def on_progress(self, stage: str, trainers: list[Trainer], timing: PairedTiming) -> None:
        """Reports, and adds to the history what is new."""
        changed = stage != self.worker.values.get("stage")
        if changed or self.worker.due() or all(trainer.done for trainer in trainers):
            for trainer in trainers:
                self._tell(trainer)
            self.worker.report(now=changed, stage=stage, **report(trainers, timing))

    def stopping(self) -> bool:
        """Whether somebody asked the worker to stop."""
        return self.worker.stopping()

    def snapshots(self, kind: str) -> Snapshots:
        """Those of one model."""
        return Snapshots(self.folder / EPOCHS / kind)

    def _load(self, trainer: Trainer) -> None:
        kind, damaged = kind_of(trainer), []
        folder = self.folder / CHECKPOINTS / kind

        def on_damage(state: Path, error: Exception) -> None:
            damaged.append(f"epoch {int(state.name[6:])}")
            self.worker.log(f"{state}: {error}")

        if load_checkpoint(trainer, folder, on_damage):
            if damaged:
                self.worker.warn(
                    f"damage of {kind}",
                    f"The checkpoint of {damaged[0]} of the {kind} is damaged; the training goes on from epoch "
                    f"{trainer.epochs_done}, with the same result.",
                )
        elif damaged:
            raise JobError(f"No checkpoint of the {kind} can be read ({', '.join(damaged)}): the training cannot go "
                           "on. Put the files back from a copy, or delete it and train anew.")

    def _settle(self, trainer: Trainer, dataset: Dataset) -> None:
        """Makes what lies in the folder fit the trainer: later epochs are about to be trained again."""
        snapshots = self.snapshots(kind_of(trainer))
        self._try("The earlier snapshots", lambda: snapshots.drop_after(trainer.epochs_done))
        self._try("The history", lambda: self._rewrite_history(trainer))
        if not trainer.epochs_done:
            self._try("The snapshot before the first epoch", lambda: self._begin(snapshots, trainer, dataset))

    def _begin(self, snapshots: Snapshots, trainer: Trainer, dataset: Dataset) -> None:
        labels = dataset.test.labels
        firsts = [int((labels == label).argmax()) for label in range(dataset.classes) if (labels == label).any()]
        firsts = firsts[:PICTURES]
        snapshots.note_pictures("test", firsts, [int(labels[place]) for place in firsts])
        snapshots.write(0, trainer.weights())

    def _rewrite_history(self, trainer: Trainer) -> None:
        lines = _in_order(trainer)
        write_bytes(self.folder / history_name(kind_of(trainer)), _as_text(lines).encode())
        self._told[kind_of(trainer)] = len(lines)

    def _tell(self, trainer: Trainer) -> None:
        """Appends to the history what is new."""
        kind, lines = kind_of(trainer), _in_order(trainer)
        told = self._told.get(kind, 0)
        if told == len(lines):
            return
        try:
            with open(self.folder / history_name(kind), "a", encoding="utf-8") as file:
                file.write(self._gap + _as_text(lines[told:]))
            self._told[kind], self._gap = len(lines), ""
        except OSError as error:
            self._gap = "\n"  # half a line may be there; a reader leaves it out
            self.worker.warn("history", f"The history could not be written: {why(error)}. The training goes on.")

    def _try(self, what: str, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            self.worker.warn(what, f"{what} could not be kept: {why(error)}. The training goes on.")


def kind_of(trainer: Trainer) -> str:
    """`vit` or `fast`."""
    return trainer.model.config.kind


def _in_order(trainer: Trainer) -> list[dict]:
    """Epochs and the points within them as they came about: what is there stays, and the rest comes after it."""
    lines, points = [], deque(trainer.points)
    for row in trainer.history:
        while points and points[0]["epoch"] <= row["epoch"]:
            lines.append({"point": points.popleft()})
        lines.append({"epoch": row})
    return lines + [{"point": point} for point in points]


def _as_text(lines: list[dict]) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)
