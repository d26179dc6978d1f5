"""Worker: the process that trains, as the others see it: it beats, reports, waits its turn, and tells its end."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vitviz.live.error import JobError, Stopped, in_words, why
from vitviz.live.files import JOB, LAST_WORDS, LIVE, LOG, PROGRESS, WORKER, InPlace, read_json, write_json
from vitviz.live.heart import Heart
from vitviz.live.job import ENDED, stop_asked
from vitviz.live.jobs import queue, remove_empty
from vitviz.live.lock import Lock
from vitviz.live.process import identity

PAUSE = 0.25  # seconds between two reports
TURN = 0.3  # seconds between two looks at the queue
ROOM = 4096  # bytes: one block of most disks
SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP")


class Worker:
    """Holds a working folder while this process trains in it; a `with` block that ends tells how it ended.

    A first SIGTERM or Ctrl-C asks for a stop, a second one does not wait for it. While `fleeting`, an error takes
    the folder away: for someone at a terminal, who is told of a bad start there and then.
    """

    fleeting = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder.parents[1]
        self.values: dict[str, Any] = {}
        self.warnings: dict[str, str] = {}
        self._signal: str | None = None
        self._last = 0.0
        self._locks: list[Lock] = []

    def __enter__(self) -> Worker:
        own = Lock(self.folder / "lock")
        try:
            if not own.take():
                raise JobError(f"The training {self.folder.name} is at work already: python -m vitviz runs shows it.")
            self._locks.append(own)
            me, known, before = identity(), read_json(self.folder / WORKER), read_json(self.folder / PROGRESS)
            # who started this process may have noted it already, with its place in the queue
            noted = known.get("pid") == me["pid"] != before.get("pid") and "since" in known
            self.since = known["since"] if noted else time.time()
            write_json(self.folder / WORKER, me | {"since": self.since})
            self.values = {"pid": me["pid"], "state": "queued", "stage": "", "reason": None, "runs": []}
            self.values |= {name: before[name] for name in ("models", "share", "pair") if name in before}
            self._words = InPlace(self.folder / LAST_WORDS, ROOM)
            self._heart = Heart(self.folder)
        except OSError as error:
            self._release()
            raise JobError(f"No training can work in {self.folder}: {why(error)}.") from error
        except JobError:
            self._release()
            raise
        self._old = self._listen()
        self.report(now=True)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        if self.values["state"] not in ENDED:
            if error is None:
                self.end("finished")
            elif isinstance(error, KeyboardInterrupt):
                self.end("stopped", str(error) or "Stopped at once; complete epochs are kept in the working folder.")
            else:
                self.log("".join(traceback.format_exception(error)))
                self.end("failed", in_words(error))
        for number, handler in self._old.items():
            signal.signal(number, handler)
        self._heart.stop()
        self._words.close()
        if error is not None and self.fleeting:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._release()

    @property
    def settings(self) -> dict[str, Any]:
        """What job.json holds."""
        return read_json(self.folder / JOB)

    def settle(self, **settings: Any) -> None:
        """Adds to job.json. Raises `OSError`."""
        write_json(self.folder / JOB, self.settings | settings)

    def wait_for_turn(self, at_once: int, on_wait: Callable[[int], None]) -> None:
        """Waits until fewer than `at_once` trainings of this folder of runs are at work and none waits longer.

        `on_wait` is called with the number of trainings that go first. Raises `Stopped`.
        """
        while True:
            self.check()
            # whoever started this process may note its place a moment after it has done so itself
            since, id = read_json(self.folder / WORKER).get("since", self.since), self.folder.name
            ahead = [job for job in queue(self.root) if job.id != id and (job.since, job.id) < (since, id)]
            if not ahead:
                for number in range(at_once):
                    slot = Lock(self.root / LIVE / f"slot-{number}")
                    if slot.take():
                        self._locks.append(slot)
                        return
            on_wait(len(ahead) + 1)
            time.sleep(TURN)

    def stopping(self) -> bool:
        """Whether somebody wants this to stop."""
        return self._signal is not None or stop_asked(self.folder, self.since)

    def check(self) -> None:
        """Raises `Stopped` where somebody wants this to stop."""
        if self.stopping():
            raise Stopped("Stopped before any epoch was complete: there is nothing to keep.")

    def due(self) -> bool:
        """Whether it is time for another report."""
        return time.monotonic() - self._last >= PAUSE

    def report(self, now: bool = False, **values: Any) -> None:
        """Changes the progress; writes it at most four times a second, or `now`."""
        self.values |= values
        if not (now or self.due()):
            return
        self._last = time.monotonic()
        self.values |= {"updated": time.time(), "warnings": list(self.warnings.values())}
        try:
            write_json(self.folder / PROGRESS, self.values)
        except OSError:  # the disk is full, or the folder closed: the reserved room is neither
            self._last_words()

    def end(self, state: str, reason: str | None = None, **values: Any) -> None:
        """The last report."""
        self.report(now=True, state=state, stage="", reason=reason, **values)
        self.log(f"{state}: {reason}" if reason else state)

    def warn(self, about: str, sentence: str) -> None:
        """Something went wrong, and the training goes on. Of what it is `about`, the latest sentence counts."""
        if self.warnings.get(about) != sentence:
            self.warnings[about] = sentence
            self.log(sentence)
        self.report(now=True)

    def log(self, text: str) -> None:
        """Adds to the log; a log that cannot be written stops nothing."""
        with contextlib.suppress(OSError), open(self.folder / LOG, "a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%H:%M:%S')} {text.rstrip()}\n")

    def _last_words(self) -> None:
        words = {name: self.values[name] for name in ("pid", "state", "stage", "reason", "runs", "updated", "share",
                                                      "warnings", "seconds_left") if name in self.values}
        content = json.dumps(words)
        if len(content) > ROOM:
            content = json.dumps(words | {"warnings": [], "reason": (self.values["reason"] or "")[:1000]})
        with contextlib.suppress(OSError):  # then the silence must tell it
            self._words.write(content.encode())

    def _listen(self) -> dict[int, Any]:
        """Takes over the signals that mean "stop", where this is the main thread; returns who had them."""
        if threading.current_thread() is not threading.main_thread():
            return {}
        numbers = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
        return {number: signal.signal(number, self._on_signal) for number in numbers
                if signal.getsignal(number) != signal.SIG_IGN}  # nohup stays nohup

    def _on_signal(self, number: int, frame: object) -> None:
        if self._signal is not None:
            raise KeyboardInterrupt
        self._signal = signal.Signals(number).name

    def _release(self) -> None:
        for lock in reversed(self._locks):
            lock.release()
        remove_empty(self.root)
