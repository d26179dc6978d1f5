"""A lock between processes. The system releases it when its holder ends, however it ends."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from pathlib import Path

try:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

except ImportError:  # Windows
    import msvcrt

    def _take(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

HELD = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES)  # what a system says where somebody else holds a lock


class Lock:
    """Held from a successful `take` until `release`. Its file is there only while someone holds or wants it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def take(self) -> bool:
        """Takes the lock if it is free. Raises `OSError` where its file cannot be made, or nothing be locked."""
        while True:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            except FileNotFoundError:  # the folder was empty, and somebody removed it just now
                continue
            try:
                _take(handle)
            except OSError as error:
                os.close(handle)
                if error.errno in HELD:
                    return False
                with contextlib.suppress(OSError):
                    self.path.unlink(missing_ok=True)
                raise OSError(error.errno, "its file system cannot lock files", str(self.path)) from error
            if self._is_there(handle):
                self._handle = handle
                return True
            os.close(handle)  # its last holder removed the file before we had it: another one counts now

    def release(self) -> None:
        """Gives the lock back."""
        if self._handle is None:
            return
        with contextlib.suppress(OSError):  # Windows keeps a file that is open; an empty file does no harm
            self.path.unlink(missing_ok=True)
        os.close(self._handle)
        self._handle = None

    def __enter__(self) -> Lock:
        while not self.take():
            time.sleep(0.02)
        return self

    def __exit__(self, *error: object) -> None:
        self.release()

    def _is_there(self, handle: int) -> bool:
        try:
            return os.path.samestat(os.fstat(handle), os.stat(self.path))
        except OSError:
            return False
