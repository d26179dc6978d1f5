"""The process of a training that a page has started: the command `train`, with its progress written to a file."""

from __future__ import annotations

import argparse
import sys
import threading
import time
from pathlib import Path
from typing import Any

from vitviz.commands import train
from vitviz.commands.progress import Progress
from vitviz.ui.training_job import BEAT, read, write

PAUSE = 0.25  # seconds between two reports


class Stopped(Exception):
    """Somebody asked the training to stop."""


class ToFile(Progress):
    """Writes what the command's bar would show, and stops the command when asked to."""

    def __init__(self, folder: Path, title: str, started: float) -> None:
        super().__init__()
        self.folder = folder
        self.values: dict[str, Any] = {
            "state": "running",
            "title": title,
            "started": started,
            "share": 0.0,
            "text": "loading pictures and TensorFlow",
        }
        self._lock = threading.Lock()
        self._last = 0.0

    def bar(self, share: float, text: str) -> None:
        if (self.folder / "stop").exists():
            raise Stopped
        if time.monotonic() - self._last > PAUSE or share >= 1:
            self._last = time.monotonic()
            self.report(share=share, text=text)

    def report(self, **values: Any) -> None:
        """Changes the state file."""
        with self._lock:
            if self.values["state"] == "running":  # what has ended has ended
                self.values |= values | {"beat": time.time()}
                write(self.folder, self.values)

    def beat(self) -> None:
        """A sign of life, for as long as the training runs."""
        while self.values["state"] == "running":
            self.report()
            time.sleep(BEAT)


def main(arguments: list[str]) -> int:
    """Trains; the first argument is the folder of the state file, the rest are those of `train`."""
    folder = Path(arguments[0])
    begun = read(folder.parent)
    progress = ToFile(folder, begun.title if begun else "A training", begun.started if begun else time.time())
    threading.Thread(target=progress.beat, daemon=True).start()
    parser = argparse.ArgumentParser(prog="train")
    command = train.add(parser.add_subparsers())
    command.add_argument("--runs-dir", required=True)
    try:
        result = train.run(command.parse_args(arguments[1:]), progress)
    except Stopped:
        progress.report(state="stopped", message="Stopped; nothing was saved.")
        return 130
    except BaseException as error:
        progress.report(state="failed", message=" ".join(str(error).split()) or type(error).__name__)
        raise
    runs = [run["id"] for run in result["runs"]]
    progress.report(state="finished", share=1.0, text="", runs=runs, time_ratio=result["time_ratio"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
