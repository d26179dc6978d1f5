"""Small files that are read while they are written: replaced in one step, or overwritten in place."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

LIVE = ".live"  # the run store leaves names with a leading dot alone
JOB, WORKER, PROGRESS, LAST_WORDS = "job.json", "worker.json", "progress.json", "last_words.json"
HEARTBEAT, LOG, STOP = "heartbeat", "log.txt", "stop"
CHECKPOINTS, EPOCHS, TRAINING = "checkpoints", "epochs", "training"


def history_name(kind: str) -> str:
    """The file of a model's history."""
    return f"history-{kind}.jsonl"


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Replaces the file in one step, so that no reader sees half of it. Raises `OSError`."""
    write_bytes(path, json.dumps(value, ensure_ascii=False).encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Writes beside and renames. Raises `OSError`; the file is then as it was, and nothing is left beside it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    except OSError:
        with contextlib.suppress(OSError):  # what matters is the first reason
            beside.unlink(missing_ok=True)
        raise


def read_json(path: Path) -> dict[str, Any]:
    """The table in a file; empty where there is none that can be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The tables in a file with one per line; a last line that is not whole yet is left out."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return []
    rows = []
    for line in text.splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return rows


class InPlace:
    """A file of a fixed size that is kept open and overwritten: works on a full disk and without permission."""

    def __init__(self, path: Path, size: int) -> None:
        self.size = size
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        self.write(b"")

    def write(self, content: bytes) -> None:
        """Overwrites all of it; what does not fit is cut off. Raises `OSError`."""
        os.lseek(self._handle, 0, os.SEEK_SET)
        os.write(self._handle, content[: self.size].ljust(self.size))

    def close(self) -> None:
        """No more writing."""
        os.close(self._handle)
