"""Job: what the working folder of a training says about it at one moment."""

from __future__ import annotations

import itertools
import shlex
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from vitviz.config import ConfigError, ModelConfig, TrainConfig
from vitviz.live import process
from vitviz.live.files import (
    CHECKPOINTS,
    EPOCHS,
    HEARTBEAT,
    JOB,
    LAST_WORDS,
    LOG,
    PROGRESS,
    STOP,
    TRAINING,
    WORKER,
    history_name,
    read_json,
    read_lines,
)
from vitviz.live.snapshots import Snapshots
from vitviz.live.title import title_of

STATES = ("queued", "running", "finished", "stopped", "failed", "vanished")
ENDED = ("finished", "stopped", "failed", "vanished")
SILENCE = 4.0  # seconds without a heartbeat, which comes every second: with a second to notice, 5 s in all
REUSED = 30.0  # seconds without one, where the system says that there is a process of that number
STARTING = 30.0  # seconds that a process may need to say its first word


@dataclass(frozen=True)
class Job:
    """One training. Everything is as it was when the folder was read; read it again to see what has changed.

    `state` is one of `STATES`, `stage` what a running one is at (`loading`, `compile`, `train`, `evaluate`, `save`).
    `reason` is one sentence that says how an ended one ended. `progress` is the table in progress.json.
    `stopping` is true from the request to stop until the end.
    """

    id: str
    folder: Path
    state: str
    stage: str
    reason: str | None
    stopping: bool
    created: datetime
    settings: dict[str, Any] = field(repr=False)
    progress: dict[str, Any] = field(repr=False)
    since: float = 0.0  # when the present process took its place in the queue

    @property
    def ended(self) -> bool:
        """Whether no process is at it any more."""
        return self.state in ENDED

    @property
    def arguments(self) -> list[str]:
        """Those of the command `train` that started it."""
        return list(self.settings.get("arguments", []))

    @property
    def command(self) -> str:
        """The line that a person would type to start such a training."""
        root = str(self.folder.parents[1])
        return shlex.join(["python", "-m", "vitviz", "train", *self.arguments, "--runs-dir", root])

    @property
    def title(self) -> str:
        """What it was called by whoever started it, or what it trains."""
        return self.settings.get("title") or title_of(self.arguments, self.models, self.settings.get("preset"))

    @cached_property
    def models(self) -> dict[str, ModelConfig]:
        """What is trained, by kind (`vit`, `fast`); empty until the process has read its settings."""
        try:
            return {kind: ModelConfig.from_dict(values) for kind, values in self.settings.get("models", {}).items()}
        except (ConfigError, AttributeError):
            return {}

    @cached_property
    def train(self) -> TrainConfig | None:
        """How it is trained; None until the process has read its settings."""
        try:
            return TrainConfig.from_dict(self.settings["train"])
        except (ConfigError, KeyError):
            return None

    @property
    def planned(self) -> dict[str, str]:
        """The ids that its runs have or will have, by kind."""
        return dict(self.settings.get("runs", {}))

    @property
    def data_dir(self) -> str | None:
        """Where its pictures lie, if somebody named a folder: the whole path, once its process has begun."""
        arguments = itertools.pairwise(self.arguments)
        given = next((value for name, value in arguments if name == "--data-dir"), None)
        return self.settings.get("data_dir") or given

    @property
    def runs(self) -> list[str]:
        """The ids of the runs that it has saved."""
        return list(self.progress.get("runs", []))

    @property
    def share(self) -> float:
        """How much of the training is done, from 0 to 1."""
        return 1.0 if self.state == "finished" else float(self.progress.get("share", 0.0))

    @property
    def seconds_left(self) -> float | None:
        """An estimate of the time left for training, from its own pace; None while there is none."""
        return None if self.ended else self.progress.get("seconds_left")

    @property
    def pair(self) -> dict[str, float] | None:
        """Fast ÷ ViT in the time of a step: ratio, q1, q3 and the number of slices; None without both."""
        return self.progress.get("pair")

    @property
    def warnings(self) -> list[str]:
        """What went wrong without ending the training."""
        return list(self.progress.get("warnings", []))

    @property
    def can_continue(self) -> bool:
        """Whether `train --continue` has something to do."""
        return self.state in ("stopped", "failed", "vanished")

    def of(self, kind: str) -> dict[str, Any]:
        """One model's part of the progress: see `vitviz.training.report`. Empty before the training."""
        return self.progress.get("models", {}).get(kind, {})

    def history(self, kind: str) -> list[dict[str, float]]:
        """A row per complete epoch, with the names that a run's history has."""
        return [line["epoch"] for line in self._lines(kind) if "epoch" in line]

    def points(self, kind: str) -> list[dict[str, float]]:
        """Points within the epochs: `epoch` (such as 1.25), `seconds`, `loss` and `accuracy` since the one before."""
        return [line["point"] for line in self._lines(kind) if "point" in line]

    def epochs_kept(self, kind: str) -> int:
        """How many complete epochs the newest checkpoint holds."""
        names = [path.name for path in (self.folder / CHECKPOINTS / kind).glob("epoch-*")]
        return max((int(name[6:]) for name in names if name[6:].isdigit()), default=0)

    def snapshots(self, kind: str) -> Snapshots:
        """One model after each epoch so far."""
        if self.folder.name == TRAINING:  # they lie with the run
            return Snapshots(self.folder.parents[1] / self.planned[kind] / EPOCHS)
        return Snapshots(self.folder / EPOCHS / kind)

    def log(self, characters: int = 20_000) -> str:
        """The end of what was said."""
        try:
            return (self.folder / LOG).read_text(encoding="utf-8", errors="replace")[-characters:]
        except OSError:
            return ""

    def _lines(self, kind: str) -> list[dict[str, Any]]:
        return read_lines(self.folder / history_name(kind))


def read(folder: Path) -> Job | None:
    """The training of a working folder; None if the folder is none."""
    settings, worker, progress, ended = _told(folder)
    gone = not ended and not at_work(folder, settings, worker)
    if gone:  # it may have told its end, or another process have taken over, since its words were read
        settings, worker, progress, ended = _told(folder)
        gone = not ended and not at_work(folder, settings, worker)
    if not settings:
        return None
    state, reason = progress.get("state", "queued"), progress.get("reason")
    stopping = not ended and stop_asked(folder, worker.get("since", 0.0))
    if gone:
        state, reason = "vanished", _vanished(folder, progress)
    return Job(
        id=folder.name if folder.name != TRAINING else settings["id"], folder=folder, state=state,
        stage=progress.get("stage", "") if state == "running" else "", reason=reason,
        stopping=stopping and state != "vanished", created=_moment(settings.get("created")), settings=settings,
        progress=progress, since=worker.get("since", 0.0),
    )  # fmt: skip


def stop_asked(folder: Path, since: float) -> bool:
    """Whether somebody wants a process that began at `since` to stop."""
    return read_json(folder / STOP).get("at", 0.0) >= since if (folder / STOP).exists() else False


def _told(folder: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], bool]:
    """Settings, process, what the process last said, and whether that was its end."""
    settings, worker = read_json(folder / JOB), read_json(folder / WORKER)
    return settings, worker, *_progress(folder, worker)


def _progress(folder: Path, worker: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """What the process last said, and whether that was its end."""
    progress, words = read_json(folder / PROGRESS), read_json(folder / LAST_WORDS)
    if words.get("updated", 0.0) > progress.get("updated", 0.0):
        progress |= words
    if progress and worker and progress.get("pid") != worker.get("pid"):  # an earlier process said it
        kept = {name: progress[name] for name in ("models", "share", "pair") if name in progress}
        return kept | {"state": "queued"}, False
    return progress, progress.get("state") in ENDED


def at_work(folder: Path, settings: dict[str, Any], worker: dict[str, Any]) -> bool:
    """Whether the process of a working folder is there, whatever it said last."""
    now = time.time()
    if not worker:
        return now - _moment(settings.get("created")).timestamp() < STARTING
    lives = process.alive(worker)
    if lives is not None:
        return lives
    try:
        beat = float((folder / HEARTBEAT).read_text())
    except (OSError, ValueError):
        return now - worker.get("since", 0.0) < STARTING
    return now - beat < (SILENCE if worker.get("where") != process.identity()["where"] else REUSED)


def _vanished(folder: Path, progress: dict[str, Any]) -> str:
    if "pid" not in progress:
        lines = [line.strip() for line in _tail(folder / LOG).splitlines() if line.strip()]
        return f"The training could not start: {lines[-1] if lines else 'its process ended without a word.'}"
    kept = any(path.name[6:].isdigit() for path in (folder / CHECKPOINTS).glob("*/epoch-*"))
    what = "Its last complete epoch is kept" if kept else "No epoch was complete, so it would begin anew"
    return (
        "The training's process ended without a word: it was killed, or the machine ran out of memory. "
        f"{what}: continue it, or delete it."
    )


def _tail(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[-4000:]
    except OSError:
        return ""


def _moment(text: Any) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return datetime.fromtimestamp(0, UTC)
