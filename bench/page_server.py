"""A dashboard's server in a process of its own, for the benches of the pages."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """Where it listens, the process, and when that was started (`time.time()`)."""

    address: str
    process: subprocess.Popen
    started: float

    def memory_mb(self) -> float:
        """Resident memory of the process now."""
        fields = Path(f"/proc/{self.process.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def cpu_seconds(self) -> float:
        """Processor time used so far, user and system, all threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def serving(
    port: int | None = None, log: Path | None = None, script: str = "dashboard.py", runs: Path | None = None
) -> Iterator[Server]:
    """Starts the dashboard, or another page, over the models that it finds by itself; does not wait until it answers.

    VITVIZ_RUNS_DIR and VITVIZ_ZOO_DIR name other models, as always; `runs` goes before the first of them.
    """
    port = port or _free_port()
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.headless", "true"]
    environment = os.environ | ({"VITVIZ_RUNS_DIR": str(runs)} if runs else {})
    with (log or Path(os.devnull)).open("w") as output:
        started = time.time()
        process = subprocess.Popen(
            [*command, "--server.port", str(port)], cwd=PROJECT, stdout=output, stderr=output, env=environment
        )  # fmt: skip
        try:
            yield Server(f"http://localhost:{port}", process, started)
        finally:
            process.terminate()
            process.wait(20)


def wait_until_open(server: Server, seconds: float = 60) -> None:
    """Waits until the server takes connections. Raises `RuntimeError` where it ends or does not open."""
    port = int(server.address.rsplit(":", 1)[1])
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.process.poll() is None:
        try:
            socket.create_connection(("localhost", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"The dashboard did not open {server.address} within {seconds:.0f} s.")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return free.getsockname()[1]
