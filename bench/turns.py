"""Processes that take turns: one for each way to train, so that each has its own threads and waits while others work.

How many threads work on an operation is settled once for a process, and the ways differ in it, so they cannot share
one. Turns are short, so that what disturbs the machine hits all of them alike. `python -m bench.turns WAY` is such a
process: it reads a line of JSON, does what it says, and answers with a line.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from time import perf_counter

from vitviz.config import ModelConfig


class Way:
    """The process of one way to train."""

    def __init__(self, name: str) -> None:
        command = [sys.executable, "-m", "bench.turns", name]
        self.name = name
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def ask(self, **what: object) -> None:
        """Sends a request; the answer is fetched with `answer`."""
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict:
        """Waits for the answer. Raises RuntimeError where the process has ended instead."""
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The process of '{self.name}' has ended; run `python -m bench.turns {self.name}`.")
        return json.loads(line)

    def close(self) -> None:
        """Ends the process."""
        self._process.stdin.close()
        self._process.wait()


def main(name: str) -> None:
    """Answers `config`, `batch`, `preset` with the seconds of the set-up, `steps` and `warm` with durations."""
    from bench.ways import WAYS, durations

    step = None
    for line in sys.stdin:
        request = json.loads(line)
        if "config" in request:
            step = None
            gc.collect()
            start = perf_counter()
            try:
                step = WAYS[name](ModelConfig.from_dict(request["config"]), request["batch"], request["preset"])
                step()
                answer = {"setup_seconds": perf_counter() - start}
                step()
            except ImportError as error:
                answer = {"missing": str(error)}
        else:
            answer = {"seconds": durations(step, request["steps"], request["warm"])}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
