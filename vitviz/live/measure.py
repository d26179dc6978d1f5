"""Estimates: what a training would be, and how long it would take here, by a few real steps in another process."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Sequence

from vitviz.live.error import JobError, why
from vitviz.live.python import environment, vitviz_command

TIMEOUT = 180.0  # seconds


class Measurement:
    """An estimate on its way. Nothing waits for it: ask for its `result` now and then, or `cancel` it.

    Args:
        arguments: those of `train`; they are those of the command `estimate` too.

    Raises:
        JobError: the process cannot be started.
    """

    def __init__(self, arguments: Sequence[str], *, timeout: float = TIMEOUT) -> None:
        self.timeout = timeout
        self._end = time.monotonic() + timeout
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - read when the process has ended
        self._complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115
        try:
            self._process = subprocess.Popen(
                [*vitviz_command(), "estimate", *arguments, "--json"], env=environment(),
                stdin=subprocess.DEVNULL, stdout=self._said, stderr=self._complaints,
            )  # fmt: skip
        except OSError as error:
            raise JobError(f"The time could not be measured: {why(error)}.") from error

    def result(self) -> dict | None:
        """The object of `estimate --json`, or None while it is measured.

        Raises:
            JobError: the settings break a rule, the pictures cannot be read, or it takes too long.
        """
        if self._process.poll() is None:
            if time.monotonic() < self._end:
                return None
            self.cancel()
            raise JobError(f"The estimate was not done after {self.timeout:.0f} seconds: the machine is busy.")
        if self._process.returncode:
            lines = _text(self._complaints).strip().splitlines() or ["The estimate ended without a word."]
            raise JobError(lines[-1].removeprefix("vitviz: "))
        return json.loads(_text(self._said).splitlines()[-1])

    def wait(self) -> dict:
        """The result, when it is there. Raises as `result`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, self._end - time.monotonic()))
        return self.result()

    def cancel(self) -> None:
        """Ends the process; nobody wants to know any more."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def estimate(arguments: Sequence[str], *, timeout: float = TIMEOUT) -> dict:
    """What a training with these arguments of `train` would be, by a few real steps: the object of `estimate --json`.

    Takes some ten seconds: it trains in a process of its own.

    Raises:
        JobError: the settings break a rule, the pictures cannot be read, or it takes longer than `timeout`.
    """
    return Measurement(arguments, timeout=timeout).wait()


def _text(file) -> str:
    file.seek(0)
    return file.read()
