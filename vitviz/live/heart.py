"""A sign of life once a second, from a thread that does nothing else."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path

from vitviz.live.files import HEARTBEAT, InPlace

BEAT = 1.0  # seconds


class Heart:
    """Writes the time into the heartbeat file until `stop`, also while the rest compiles or evaluates."""

    def __init__(self, folder: Path) -> None:
        self._file = InPlace(folder / HEARTBEAT, 20)
        self._ended = threading.Event()
        self._beat()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """The last beat."""
        self._ended.set()
        self._thread.join()
        self._file.close()

    def _run(self) -> None:
        while not self._ended.wait(BEAT):
            self._beat()

    def _beat(self) -> None:
        with contextlib.suppress(OSError):  # the file has its room already; a network disk may come back
            self._file.write(f"{time.time():.3f}\n".encode())
