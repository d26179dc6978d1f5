"""The command line: one file per command, each with `add(commands)` and `run(options, progress)`.

A command returns one object, which `--json` prints as the last line of standard output. What a person reads goes
through `progress.say`, the bar to standard error. Files import what is heavy inside `run`, so that `--help` answers
at once. An expected error is a `ValueError` or an `OSError`: its message becomes one line on standard error, without
a traceback, and the exit status is 1; an option that cannot be read exits with 2.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from typing import NoReturn

from vitviz import __version__
from vitviz.commands import delete, estimate, evaluate, runs, stop, summary, trace, train, zoo
from vitviz.commands.progress import Progress

COMMANDS = (train, estimate, stop, delete, summary, evaluate, runs, trace, zoo)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, like every other error; argparse would print its usage first."""
        self.exit(_fail(f"{message} (usage: {self.prog} --help)", status=2))


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    parser = _Parser(
        prog="python -m vitviz", description="Look inside a Vision Transformer, and see what a TokenLearner changes."
    )
    parser.add_argument("--version", action="version", version=f"vitviz {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        added = command.add(commands)
        added.set_defaults(run=command.run)
        added.add_argument("--runs-dir", default="runs", metavar="DIR", help="the folder of your runs (default: runs)")
        added.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    chosen = parser.parse_args(arguments)
    try:
        with Progress() as progress:
            result = chosen.run(chosen, progress)
        if chosen.json:
            print(json.dumps(_finite(result), allow_nan=False), flush=True)
        return 0
    except BrokenPipeError:  # the reader, such as `head`, has gone: nobody is left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, OSError, MemoryError) as error:
        return _fail(_one_line(error))
    except KeyboardInterrupt as stopped:
        if chosen.json and getattr(stopped, "result", None):  # a training that was stopped has saved what is complete
            print(json.dumps(_finite(stopped.result), allow_nan=False), flush=True)
        return _fail(str(stopped) or "Stopped; nothing was saved.", status=130)


def _finite(value: object) -> object:
    """The same object with null for what JSON has no number for: the loss of a training that diverged is NaN."""
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _one_line(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}."
    return " ".join(str(error).split()) or type(error).__name__


def _fail(message: str, status: int = 1) -> int:
    print(f"vitviz: {message}", file=sys.stderr)
    return status
