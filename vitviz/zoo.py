"""The models that ship with the project: which there are, and how they are made."""

from __future__ import annotations

import dataclasses
import fnmatch
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from vitviz.config import PRESETS, ModelConfig, TrainConfig

if TYPE_CHECKING:
    import numpy as np

    from vitviz.data import Split
    from vitviz.runs import RunStore

FOLDER = Path(__file__).resolve().parents[1] / "assets" / "zoo"
TRAINING = ".training"  # in the folder of the zoo: what a build that was stopped goes on from
PATCH_SIZES = (14, 7, 5, 4)  # the quick ones first
N_MAPS = (1, 2, 4, 8, 16)
TIMING_SECONDS = 20.0
TEACHER = 0.7  # the share that a convolutional teacher has in the training of the tuned models


@dataclass(frozen=True)
class Entry:
    """One model of the zoo. `vit` is the id of the ViT that a fast ViT is compared with."""

    id: str
    preset: str
    model: ModelConfig
    train: TrainConfig
    vit: str | None


def entries() -> list[Entry]:
    """Every entry that the zoo should have, each ViT before the fast ViTs that are compared with it."""
    listed = []
    for patch_size in PATCH_SIZES:
        listed += _family("tuned", patch_size, N_MAPS, teacher=TEACHER)
    article = PRESETS["article"]
    return listed + _family("article", article.model.patch_size, (article.n_maps,))


def open_zoo(folder: Path = FOLDER) -> RunStore:
    """The zoo as a run store that cannot be changed."""
    from vitviz.runs import RunStore

    return RunStore(folder, read_only=True)


def chosen(only: str | None) -> list[Entry]:
    """The entries whose ids fit a pattern such as `tuned-p7-*`; without a pattern all.

    Raises:
        ValueError: none fits.
    """
    found = [entry for entry in entries() if fits(entry.id, only)]
    if not found:
        raise ValueError(f"No entry of the zoo fits {only!r}: their ids are {', '.join(e.id for e in entries())}.")
    return found


def missing(store: RunStore, only: str | None = None) -> list[Entry]:
    """The entries that the store does not have, or has damaged; `only` is a pattern, see `chosen`.

    Raises:
        ValueError: no entry fits the pattern.
    """
    have = {record.id for record in store.list()}
    return [entry for entry in chosen(only) if entry.id not in have]


def fits(id: str, only: str | None) -> bool:
    """Whether an entry's id fits the pattern; without a pattern all do."""
    return fnmatch.fnmatch(id, only or "*")


@contextmanager
def sole_build(store: RunStore) -> Iterator[None]:
    """While the block lasts no other process builds this zoo: two would train the same, and spoil each other's times.

    Raises:
        ValueError: another one is at it.
        OSError: the folder of the zoo cannot be written.
    """
    from vitviz.live.lock import Lock

    lock = Lock(store.root / TRAINING / "lock")
    if not lock.take():
        raise ValueError(f"Another build is at work in {store.root}: wait until it is done, or stop it.")
    try:
        yield
    finally:
        lock.release()


def build(entry: Entry, store: RunStore, data_dir: str | None, on_progress: Callable = lambda *_: None) -> None:
    """Trains one entry, from where it was stopped if it was, times it against its ViT, and saves it in half precision.

    `metrics` are those of the stored, half-precision weights; the test accuracy of the full ones stands beside them.

    Raises:
        DataError, RunError, OSError: the pictures cannot be had, or the entry cannot be written.
        ValueError: what was begun before, or the teacher's kept answers, are those of another recipe or other pictures.
    """
    from vitviz.data import hold_out, load
    from vitviz.training.checkpoint import load_checkpoint, save_checkpoint
    from vitviz.training.fit import evaluate, record_of
    from vitviz.training.metrics import scores
    from vitviz.training.race import time_pair
    from vitviz.training.trainer import Trainer

    dataset = load(entry.train.dataset, folder=data_dir, classes=entry.model.classes)
    kept, held_out = hold_out(dataset.train, entry.train.validation_fraction)
    parts = (kept.images, kept.labels), (held_out.images, held_out.labels)
    work = store.root / TRAINING / entry.id
    teacher = None
    if entry.train.teacher:
        teacher = _taught(kept, entry, store.root / TRAINING)
    trainer = Trainer(entry.model, entry.train, *parts, teacher)
    trainer.compile()
    if not load_checkpoint(trainer, work):
        shutil.rmtree(work, ignore_errors=True)  # what cannot be read would pass for newer than what comes now
    while not trainer.done:
        before = trainer.epochs_done
        trainer.advance(1.0)
        on_progress("train", [trainer])
        if trainer.epochs_done > before:
            save_checkpoint(trainer, work)
    on_progress("evaluate", [trainer])
    full = scores(trainer.predict(dataset.test.images), dataset.test.labels)["accuracy"]
    weights = trainer.weights()
    trainer.load_weights({name: array.astype("float16").astype("float32") for name, array in weights.items()})
    metrics = evaluate(trainer, kept, held_out, dataset.test)
    metrics["test"]["accuracy_full_precision"] = full
    paired = None
    if entry.vit is not None:
        pair = [Trainer(model, entry.train, *parts, teacher) for model in (entry.model.plain(), entry.model)]
        paired = time_pair(*pair, seconds=TIMING_SECONDS)
    record = record_of(
        trainer, dataset, id=entry.id, preset=entry.preset, metrics=metrics, pair=entry.vit, paired=paired
    )
    store.save(record, weights, compact=True)
    shutil.rmtree(work, ignore_errors=True)


def _taught(kept: Split, entry: Entry, folder: Path) -> np.ndarray:
    """A teacher's answers about the training pictures, see `training.teacher.answers`.

    A teacher is trained in a process of its own: it wants both cores for each operation, and the models of the zoo,
    each on its part of a batch, want one (see `training.parts`). TensorFlow settles that once for a process.
    """
    from vitviz.training import teacher

    kept_at = folder / teacher.file_name(entry.train.dataset, len(kept))
    asked = kept.images, kept.labels, entry.model.classes, kept_at
    if not kept_at.exists():
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
            apart.submit(teacher.answers, *asked, teacher.say).result()
    return teacher.answers(*asked)


def _family(preset: str, patch_size: int, maps: tuple[int, ...], **changes: float) -> list[Entry]:
    base = PRESETS[preset]
    train = dataclasses.replace(base.train, **changes)
    vit = dataclasses.replace(base.model, patch_size=patch_size)
    first = f"{preset}-p{patch_size}-vit"
    family = [Entry(first, preset, vit, train, None)]
    for n_maps in maps:
        if n_maps < vit.tokens:
            id = f"{preset}-p{patch_size}-fast{n_maps}"
            family.append(Entry(id, preset, vit.fast(n_maps), train, first))
    return family
