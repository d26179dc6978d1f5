"""How a process of the command line is started from another one."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def vitviz_command() -> list[str]:
    """What `python -m vitviz` is, with the Python that runs this."""
    return [sys.executable, "-m", "vitviz"]


def environment() -> dict[str, str]:
    """This process's variables, and where the project is, so that it is found from wherever the page was started."""
    project = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([project, *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONUNBUFFERED": "1"}
