"""What a bench has found, as JSON, with the machine that it was found on."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
DESCRIBE = "import json; from vitviz.training.machine import describe_machine; print(json.dumps(describe_machine()))"


def write(path: Path, **found: object) -> None:
    """Writes `machine` and what was found. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": machine(), **found}, indent=1) + "\n")


@cache
def machine() -> dict:
    """Its description, made by a process of its own: TensorFlow in this one would disturb what is measured."""
    done = subprocess.run(
        [sys.executable, "-c", DESCRIBE], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])
