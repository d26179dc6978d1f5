"""What a command says while it works: lines for a person, and one bar that draws over itself."""

from __future__ import annotations

import shutil
import sys
from time import monotonic

PAUSE = 0.1  # seconds between two drawings of the bar
WIDTH = 24


class Progress:
    """Lines go to standard output; the bar goes to standard error, and only to a terminal."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._drawn = ""
        self._last = 0.0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        self._clear()

    def say(self, text: str = "") -> None:
        """Prints a line for a person."""
        self._clear()
        print(text, flush=True)

    def bar(self, share: float, text: str) -> None:
        """Shows how far the work is: `share` from 0 to 1, and a few words."""
        now = monotonic()
        if not self._terminal or (now - self._last < PAUSE and share < 1):
            return
        self._last = now
        full = int(WIDTH * min(max(share, 0.0), 1.0))
        line = f"{'█' * full}{'░' * (WIDTH - full)} {share:4.0%}  {text}"
        line = line[: shutil.get_terminal_size().columns - 1]
        sys.stderr.write("\r" + line + " " * (len(self._drawn) - len(line)))
        sys.stderr.flush()
        self._drawn = line

    def _clear(self) -> None:
        if self._drawn:
            sys.stderr.write("\r" + " " * len(self._drawn) + "\r")
            sys.stderr.flush()
            self._drawn = ""
