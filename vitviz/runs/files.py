"""Which part of a record stands in which file of the run's folder."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from vitviz.config import ConfigError, ModelConfig, TrainConfig
from vitviz.runs.archive import WEIGHTS, check_archive, write_weights
from vitviz.runs.error import RunError
from vitviz.runs.record import HISTORY_COLUMNS, RunRecord

_TABLES = ("timing", "metrics", "operations", "status")  # each a JSON file of its own


def write_files(folder: Path, record: RunRecord, weights: Mapping[str, np.ndarray], *, compact: bool) -> None:
    """Writes every file of a run into an empty folder. Raises `RunError` and `OSError`."""
    write_weights(folder / WEIGHTS, weights, compact=compact)
    config = {
        "model": record.model.to_dict(), "train": record.train.to_dict(), "preset": record.preset,
        "class_names": list(record.class_names), "data_source": record.data_source, "pair": record.pair,
        "created": record.created.astimezone(UTC).isoformat(), "vitviz": record.version,
    }
    _write_json(folder / "config.json", config)
    for name in _TABLES:
        _write_json(folder / f"{name}.json", getattr(record, name))
    _write_history(folder / "history.csv", record.history)


def read_files(folder: Path) -> RunRecord:
    """The record in a run's folder, named after it; weights are looked at but not read.

    Raises `RunError`, with one sentence that names the file or the value that is wrong.
    """
    config = _read_json(folder / "config.json")
    try:
        model, train = ModelConfig.from_dict(config["model"]), TrainConfig.from_dict(config["train"])
        general = {name: config[name] for name in ("preset", "class_names", "data_source", "pair")}
        created, version = config["created"], config["vitviz"]
    except KeyError as error:
        raise RunError(f"config.json has no entry {error.args[0]!r}.") from error
    except ConfigError as error:
        raise RunError(f"config.json breaks a rule: {error}") from error
    created = _moment(created)
    tables = {name: _read_json(folder / f"{name}.json") for name in _TABLES}
    history = _read_history(folder / "history.csv")
    check_archive(folder / WEIGHTS)
    return RunRecord(id=folder.name, path=folder, model=model, train=train, created=created, version=version,
                     history=history, **general, **tables)


def _moment(text: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise RunError(f"config.json must hold a date and time under 'created', not {text!r}.") from error
    # always with a time zone, so that any two records can be put in order
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False, default=_plain)
    except (TypeError, ValueError) as error:
        raise RunError(f"{path.name} can hold numbers, texts, lists and tables only: {error}.") from error
    path.write_text(text + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"it received {value!r}")


def _read_json(path: Path) -> dict[str, Any]:
    text = _read_text(path)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path.name} is damaged: it cannot be read as JSON.") from error
    if not isinstance(value, dict):
        raise RunError(f"{path.name} must hold a table of names and values, not {type(value).__name__}.")
    return value


def _write_history(path: Path, history: list[dict[str, float]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HISTORY_COLUMNS)
        for row in history:
            # repr keeps every digit; an empty cell is a value that was not taken
            rows.writerow(["" if name not in row else int(row[name]) if name == "epoch" else repr(float(row[name]))
                           for name in HISTORY_COLUMNS])


def _read_history(path: Path) -> list[dict[str, float]]:
    try:
        rows = list(csv.reader(_read_text(path).splitlines()))
    except csv.Error as error:
        raise RunError(f"{path.name} is damaged: {error}.") from error
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise RunError(f"{path.name} is damaged: every line must have as many values as the first has names.")
    unknown = [name for name in rows[0] if name not in HISTORY_COLUMNS]
    if unknown:
        raise RunError(f"{path.name} has no column {unknown[0]!r}: the names are {', '.join(HISTORY_COLUMNS)}.")
    try:
        return [{name: int(cell) if name == "epoch" else float(cell)
                 for name, cell in zip(rows[0], row, strict=True) if cell} for row in rows[1:]]
    except ValueError as error:
        raise RunError(f"{path.name} is damaged: {error}.") from error


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RunError(f"{path.name} is missing.") from error
    except OSError as error:
        raise RunError(f"{path.name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise RunError(f"{path.name} is damaged: it is not text.") from error
