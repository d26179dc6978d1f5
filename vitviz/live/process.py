"""Whether the process that was doing something still does it, and is not another one with its number."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path
from typing import Any

PROC = Path("/proc")


def identity(pid: int | None = None) -> dict[str, Any]:
    """What tells a process (by default this one) from every other: its number, its start, and where it runs."""
    pid = os.getpid() if pid is None else pid
    return {"pid": pid, "started": _started(pid), "where": _where()}


def alive(process: dict[str, Any]) -> bool | None:
    """Whether the process of this `identity` still runs; None where this cannot be told from here.

    None is the answer for a process on another machine or in another container, and on systems without signals.
    """
    pid, started = process.get("pid"), process.get("started")
    if process.get("where") != _where() or not isinstance(pid, int):
        return None
    if started is not None and (PROC / str(pid)).exists():
        return _started(pid) == started
    if os.name != "posix":  # there, os.kill would end the process
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return None
    return None  # the number is in use, by whom cannot be told


def _started(pid: int) -> int | None:
    """When the process started, in ticks since the machine did; None for one that is gone, dead or not visible."""
    try:
        # the name in brackets may hold spaces and brackets itself
        fields = (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    state, started = fields[0], int(fields[19])
    return None if state in "ZX" else started  # a zombie has ended; its parent has not asked yet


@cache
def _where() -> str:
    """This start of this machine, and the space in which its process numbers mean something."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink(PROC / 'self/ns/pid')}"
    except OSError:
        return platform.node()
