"""Estimates that are measured for whoever looks at the form: one at a time, each setting once. No Streamlit here.

A visitor's page asks again and again while it is open; that keeps its measurement going. What nobody asks for any
more, because a control was moved, is called off for the next one; a training that begins calls off all.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from vitviz.live import JobError, Measurement
from vitviz.ui.caches import Bounded

STILL = 1.2  # seconds that a setting must be left alone before it is measured
FORGOTTEN = 4.0  # seconds without anybody asking
KEPT = 64  # settings
PATIENCE = 600.0  # seconds: nobody waits for it

Key = tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What is known: the object of `estimate --json`, or why there is none, or neither while it is measured."""

    values: dict | None = None
    reason: str | None = None

    @property
    def known(self) -> bool:
        """Whether asking again makes no sense."""
        return self.values is not None or self.reason is not None


class Measuring:
    """The estimates of one server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers = Bounded(KEPT)
        self._asked: dict[Key, list[float]] = {}  # when it was asked for first and last, of those that wait
        self._now: tuple[Key, Measurement] | None = None

    def ask(self, arguments: list[str], runs: Path) -> Answer:
        """What is known of these arguments of `train`; sees to it that it will be known. Returns at once."""
        key = (*arguments, "--runs-dir", str(runs))
        with self._lock:
            self._look()
            if key in self._answers:
                return self._answers.get(key, Answer)
            at = time.monotonic()
            first, last = self._asked.get(key, [at, at])
            self._asked[key] = [first if at - last < FORGOTTEN else at, at]
            self._call_off_what_nobody_wants(at)
            if self._now is None and at - self._asked[key][0] >= STILL:
                self._begin(key)
            return Answer()

    def known(self, arguments: list[str], runs: Path) -> Answer:
        """The same, without measuring anything."""
        key = (*arguments, "--runs-dir", str(runs))
        with self._lock:
            self._look()
            return self._answers.get(key, Answer) if key in self._answers else Answer()

    def call_off(self) -> None:
        """Ends the measurement: a training begins, and they would disturb one another."""
        with self._lock:
            if self._now is not None:
                self._now[1].cancel()
            self._now = None
            self._asked.clear()

    def _begin(self, key: Key) -> None:
        try:
            self._now = key, Measurement(list(key), timeout=PATIENCE)
        except JobError as error:
            self._keep(key, Answer(reason=str(error)))

    def _look(self) -> None:
        if self._now is None:
            return
        key, measurement = self._now
        try:
            values = measurement.result()
        except JobError as error:
            self._keep(key, Answer(reason=str(error)))
            return
        if values is not None:
            self._keep(key, Answer(values=values))

    def _keep(self, key: Key, answer: Answer) -> None:
        self._now = None
        self._asked.pop(key, None)
        self._answers.get(key, lambda: answer)

    def _call_off_what_nobody_wants(self, at: float) -> None:
        self._asked = {key: times for key, times in self._asked.items() if at - times[1] < FORGOTTEN}
        if self._now is not None and self._now[0] not in self._asked:
            self._now[1].cancel()
            self._now = None


MEASURING = Measuring()
