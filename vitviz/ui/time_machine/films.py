"""What there is to go back in time in: trainings that kept their models' weights after each epoch. No Streamlit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vitviz import live
from vitviz.config import ModelConfig, TrainConfig
from vitviz.live import Job, Snapshots
from vitviz.runs import RunError, RunRecord, RunStore
from vitviz.ui.catalogue import TITLES, runs_dir, zoo_dir

EPOCHS = "epochs"  # the folder of the snapshots within a run's
NAMES = {"vit": "ViT", "fast": "fast ViT"}  # by a model's kind

# What the browser gets for one picture. With every head where that is below FEW_BYTES, else with the heads' mean;
# above MOST_BYTES not with every epoch.
FEW_BYTES = 1_500_000
MOST_BYTES = 4_000_000


@dataclass(frozen=True, eq=False)
class Film:
    """One model, epoch by epoch. `history` has a row per complete epoch."""

    id: str  # of its run
    config: ModelConfig
    snapshots: Snapshots
    history: Sequence[dict[str, float]]

    @property
    def label(self) -> str:
        """The name that every picture uses."""
        return NAMES[self.config.kind]

    def accuracy(self) -> dict[int, float]:
        """Validation accuracy by epoch, where it was taken."""
        return {int(row["epoch"]): row["val_accuracy"] for row in self.history if "val_accuracy" in row}


@dataclass(frozen=True, eq=False)
class Training:
    """One or two models that were trained side by side. `at_work`: there may soon be another epoch."""

    id: str
    title: str
    films: tuple[Film, ...]
    train: TrainConfig
    class_names: tuple[str, ...]  # empty until the first run is saved
    data_dir: str | None = None
    at_work: bool = False

    @property
    def config(self) -> ModelConfig:
        """Settings that both models share."""
        return self.films[0].config

    @property
    def last(self) -> int:
        """The last epoch of which there is a snapshot."""
        return max((film.snapshots.epochs()[-1] for film in self.films if film.snapshots.epochs()), default=0)

    @property
    def address(self) -> str:
        """What a link calls it: stays the same when a training at work has become runs."""
        return self.films[0].id

    def is_called(self, id: str) -> bool:
        """Whether `id` is that of the training or of one of its runs."""
        return id == self.id or id in {film.id for film in self.films}

    def every_head(self) -> bool:
        """Whether attention is shown for every head, or only for their mean."""
        return self._bytes(heads=True) <= FEW_BYTES

    def epochs(self, film: Film) -> list[int]:
        """The epochs to show: all of which there is a snapshot, or evenly spaced ones where frames are large."""
        found = film.snapshots.epochs()
        step = -(-self._bytes(heads=self.every_head()) // MOST_BYTES)
        return [epoch for epoch in found if epoch % step == 0 or epoch == found[-1]]

    def _bytes(self, heads: bool) -> int:
        planned = max(self.train.epochs, self.last) + 1  # so that nothing changes while epochs are added
        return planned * sum(frame_bytes(film.config, heads) for film in self.films)


def frame_bytes(config: ModelConfig, heads: bool) -> int:
    """About what one epoch of one model weighs for one picture, a byte per value."""
    attention = sum(length**2 for length in config.block_tokens) * (config.heads if heads else 1)
    return config.tokens**2 + attention + config.tokens * (config.n_maps or 0)


def trainings() -> list[Training]:
    """All that have snapshots, the newest first: those at work or stopped, then those that have become runs."""
    own = runs_dir()
    found = [training for job in live.list_jobs(own) if (training := of_job(job)) is not None]
    taken = {film.id for training in found for film in training.films}
    records = [record for root in (own, zoo_dir()) for record in _with_snapshots(root) if record.id not in taken]
    by_id = {record.id: record for record in records}
    for record in sorted(records, key=lambda record: (record.created, record.id), reverse=True):
        if record.id in by_id:
            other = by_id.get(record.pair or "")
            pair = [run for run in (record, other) if run is not None]
            for run in pair:
                by_id.pop(run.id)
            found.append(_of_runs(pair))
    return found


def of_job(job: Job) -> Training | None:
    """The training of a working folder; None before its first snapshot."""
    if not job.models or job.train is None:
        return None
    films = [
        Film(job.planned.get(kind, job.id), config, job.snapshots(kind), job.history(kind))
        for kind, config in job.models.items()
    ]
    films = tuple(film for film in films if film.snapshots.epochs())
    if not films:
        return None
    state = "at work" if not job.ended else job.state
    return Training(
        id=job.id, title=f"{_title(films, job.train)} · {state}", films=films, train=job.train, class_names=(),
        data_dir=job.data_dir, at_work=not job.ended,
    )  # fmt: skip


def _of_runs(pair: list[RunRecord]) -> Training:
    pair = sorted(pair, key=lambda run: run.model.kind, reverse=True)  # the ViT first
    films = tuple(Film(run.id, run.model, Snapshots(run.path / EPOCHS), run.history) for run in pair)
    first = pair[0]
    job = live.read_job(first.path.parent, first.id)
    return Training(
        id=first.id, title=f"{_title(films, first.train)} · {first.created.astimezone():%d %b %H:%M}", films=films,
        train=first.train, class_names=first.class_names,
        data_dir=None if job is None else job.data_dir,
    )  # fmt: skip


def _title(films: tuple[Film, ...], train: TrainConfig) -> str:
    maps = [f"{film.config.n_maps} maps" for film in films if film.config.n_maps is not None]
    what = "pair" if len(films) == 2 else films[0].label
    data = TITLES.get(train.dataset, train.dataset)
    return f"{what}, {', '.join([f'patch size {films[0].config.patch_size}', *maps])} · {data} · {train.epochs} epochs"


def _with_snapshots(root: Path) -> list[RunRecord]:
    """Runs with a folder of snapshots; a run that is damaged is told of elsewhere."""
    try:
        entries = [entry for entry in os.scandir(root) if not entry.name.startswith(".")]
    except OSError:
        return []
    records = [
        _record(root, entry.name, entry.stat().st_mtime_ns) for entry in entries
        if Snapshots(Path(entry.path) / EPOCHS).epochs()
    ]  # fmt: skip
    return [record for record in records if record is not None]


@lru_cache(maxsize=200)
def _record(root: Path, id: str, changed: int) -> RunRecord | None:
    try:
        return RunStore(root).load(id)
    except RunError:
        return None
