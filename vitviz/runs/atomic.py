"""A folder that appears whole or not at all, and disappears the same way."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SAVING, DELETED = ".saving-", ".deleted-"
# A save takes seconds. What is older than this was left by a process that was killed.
STALE_SECONDS = 3600.0


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yields an empty folder to fill; it becomes `target` when the block ends, and is removed if that fails.

    Raises `OSError`: among others where `target` already holds something, which is then left as it was.
    """
    beside = target.parent / f"{SAVING}{target.name}-{secrets.token_hex(4)}"
    beside.mkdir()
    try:
        yield beside
        # The contents must be on the disk before the name is, or a power cut could leave a name on empty files.
        _sync_tree(beside)
        os.rename(beside, target)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    _sync_folder(target.parent)


def remove_folder(target: Path) -> None:
    """Removes `target` from sight in one step, then from the disk. Raises `OSError`."""
    if target.is_symlink():  # what a link points at is somebody else's
        target.unlink()
        return
    aside = target.parent / f"{DELETED}{target.name}-{secrets.token_hex(4)}"
    os.rename(target, aside)
    _sync_folder(target.parent)
    shutil.rmtree(aside, ignore_errors=True)  # what stays behind is swept later


def sweep(root: Path) -> None:
    """Clears away what killed processes left half written or half deleted in `root`."""
    for left in root.glob(".*-*"):
        try:
            stale = left.name.startswith(SAVING) and time.time() - left.stat().st_mtime > STALE_SECONDS
        except OSError:  # its own process was quicker
            continue
        if stale or left.name.startswith(DELETED):
            shutil.rmtree(left, ignore_errors=True)


def _sync_tree(folder: Path) -> None:
    for parent, _, files in os.walk(folder):
        for name in files:
            with open(os.path.join(parent, name), "rb+") as file:
                os.fsync(file.fileno())
        _sync_folder(Path(parent))


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder; its rename is journalled
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
