"""RunRecord: everything known about one trained model, its weights read on demand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

import vitviz
from vitviz.config import ModelConfig, TrainConfig
from vitviz.runs.archive import WEIGHTS, read_weights
from vitviz.runs.error import RunError

MEASURES = ("loss", "accuracy", "precision", "recall", "top5")
HISTORY_COLUMNS = ("epoch", "seconds", "learning_rate", *MEASURES, *(f"val_{name}" for name in MEASURES))
SPLITS = ("train", "validation", "test")
STATES = ("finished", "stopped", "failed")

# A run's id is the name of its folder, so it must be one on every system and nothing more than that.
_ID = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One run. A record that breaks a rule cannot be made: it raises `RunError`.

    `history` has a row per complete epoch (names from `HISTORY_COLUMNS`, a value that was not taken is left out).
    `metrics` maps a split to its measures, `operations` holds params and macs,
    `status` holds state (one of `STATES`), epochs_done and reason. `pair` is the id of the other run of a pair.
    `path` is the run's folder, or None before it is saved.
    """

    id: str
    model: ModelConfig
    train: TrainConfig
    class_names: tuple[str, ...]
    data_source: str
    created: datetime
    history: list[dict[str, float]]
    timing: dict[str, Any]
    metrics: dict[str, dict[str, float]]
    operations: dict[str, int]
    status: dict[str, Any]
    preset: str | None = None
    pair: str | None = None
    version: str = vitviz.__version__
    path: Path | None = None

    def __post_init__(self) -> None:
        check_id(self.id)
        _need(isinstance(self.model, ModelConfig) and isinstance(self.train, TrainConfig),
              "model and train must be a ModelConfig and a TrainConfig", f"{type(self.model).__name__} and "
              f"{type(self.train).__name__}")
        names = self.class_names
        _need(isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)
              and len(names) == self.model.classes,
              f"class_names must be {self.model.classes} names, one for each class of the model", names)
        object.__setattr__(self, "class_names", tuple(names))  # a list is welcome; kept as a tuple, fit for caches
        _need(isinstance(self.data_source, str), "data_source must be a text", self.data_source)
        _need(isinstance(self.created, datetime), "created must be a date and time", self.created)
        _need(self.preset is None or isinstance(self.preset, str), "preset must be a name or nothing", self.preset)
        _need(isinstance(self.version, str), "vitviz must be a version", self.version)
        if self.pair is not None:
            check_id(self.pair)
        _need(isinstance(self.timing, dict), "timing must be a table of names and values", self.timing)
        _check_status(self.status)
        _check_history(self.history, self.status["epochs_done"])
        _check_metrics(self.metrics)
        _need(isinstance(self.operations, dict) and all(_whole(self.operations.get(n)) for n in ("params", "macs")),
              "operations must hold the whole numbers params and macs", self.operations)

    def weights(self, expected: Mapping[str, tuple[int, ...]] | None = None) -> dict[str, np.ndarray]:
        """The trained weights by name, float32, whatever they are stored as.

        `expected` maps every weight of the model to its shape; the names and shapes are then checked against it.
        Raises `RunError` where the archive is missing or damaged, holds anything but plain arrays, or does not fit.
        """
        if self.path is None:
            raise RunError(f"The run {self.id} has no weights to read before it is saved: save it in a store first.")
        try:
            return read_weights(self.path / WEIGHTS, expected)
        except RunError as error:
            raise damaged(self.id, error) from error


def new_id(model: ModelConfig, preset: str | None, when: datetime) -> str:
    """An id that a person can read and that sorts by time, such as `20261123-142501-tuned-p4-fast8`."""
    kind = "vit" if model.n_maps is None else f"fast{model.n_maps}"
    return f"{when:%Y%m%d-%H%M%S}-{preset or 'own'}-p{model.patch_size}-{kind}"


def check_id(id: str) -> None:
    """Raises `RunError` for an id that is not the plain name of a folder."""
    if not isinstance(id, str) or not _ID.fullmatch(id):
        raise RunError(f"A run's id is at most 100 letters, digits, dots, dashes and underscores, with a letter or a "
                       f"digit at both ends, not {_short(id)}: `python -m vitviz runs` lists the ids.")


def now() -> datetime:
    """The time of day with its zone, to the second: what `created` is of a new run."""
    return datetime.now().astimezone().replace(microsecond=0)


def damaged(id: str, reason: object) -> RunError:
    """The error for a run whose files cannot be relied on."""
    return RunError(f"The run {id} is damaged: {reason} Put the file back from a copy, or delete the run.")


def _check_status(status: Any) -> None:
    _need(isinstance(status, dict), "status must be a table of names and values", status)
    _need(status.get("state") in STATES, f"status must have a state, one of {', '.join(STATES)}", status.get("state"))
    _need(_whole(status.get("epochs_done")), "status must have epochs_done, a whole number", status.get("epochs_done"))
    reason = status.get("reason")
    _need(reason is None or isinstance(reason, str), "status may have a reason, a text", reason)


def _check_history(history: Any, epochs_done: int) -> None:
    _need(isinstance(history, list) and all(isinstance(row, dict) for row in history),
          "history must be a list of rows", history)
    for number, row in enumerate(history, start=1):
        _need(row.get("epoch") == number, f"row {number} of history must be epoch {number}", row.get("epoch"))
        for name, value in row.items():
            _need(name in HISTORY_COLUMNS, f"history has the columns {', '.join(HISTORY_COLUMNS)}", name)
            _need(_number(value), f"{name} in history must be a number", value)
    _need(len(history) == epochs_done, f"history must have a row for each of the {epochs_done} epochs done",
          len(history))


def _check_metrics(metrics: Any) -> None:
    _need(isinstance(metrics, dict), "metrics must be a table of splits", metrics)
    for split, values in metrics.items():
        _need(split in SPLITS, f"metrics has the splits {', '.join(SPLITS)}", split)
        _need(isinstance(values, dict) and all(_number(value) for value in values.values()),
              f"metrics of {split} must be numbers by name", values)


def _whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and value >= 0


def _number(value: Any) -> bool:
    # NaN is a number here: a training that diverged is worth keeping and showing
    return isinstance(value, Real) and not isinstance(value, bool)


def _need(holds: bool, rule: str, received: Any) -> None:
    if not holds:
        raise RunError(f"{rule}, not {_short(received)}.")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
