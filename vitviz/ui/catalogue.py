"""Which trained models there are, in the order in which the sliders move over them. No Streamlit here."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from vitviz.config import ModelConfig
from vitviz.runs import RunError, RunRecord, Runs, RunStore
from vitviz.zoo import FOLDER, entries

TITLES = {
    "fashion_mnist": "Fashion-MNIST",
    "fashion_mnist_mini": "Fashion-MNIST sample",
    "mnist": "MNIST",
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "folder": "your folder",
}


@dataclass(frozen=True)
class Pair:
    """A ViT and a fast ViT trained alike. Either may be missing."""

    vit: RunRecord | None
    fast: RunRecord | None

    def models(self) -> dict[str, RunRecord]:
        """The runs that are there, by the names that every picture uses."""
        both = {"ViT": self.vit, "fast ViT": self.fast}
        return {label: run for label, run in both.items() if run is not None}


@dataclass
class Family:
    """Runs that differ in patch size and n_maps alone: same network otherwise, same data, same training.

    Of runs that are alike in everything, a finished one counts before a stopped one, and then the newest.
    """

    key: str
    shipped: bool = False  # some of the runs come with the project
    runs: list[RunRecord] = field(default_factory=list)  # finished ones first, of these the newest
    lacking: dict[tuple[int, int | None], str] = field(default_factory=dict)
    """Settings that should have come with the project and cannot be used: (patch size, n_maps) -> why not."""

    @property
    def example(self) -> RunRecord:
        """Any run: they agree on everything that the family's name says."""
        return self.runs[0]

    @property
    def title(self) -> str:
        """For a person to choose by."""
        run = self.example
        pictures = "" if run.train.limit is None else f", first {run.train.limit:,} pictures"
        name = (run.preset or "own settings") + (" · shipped" if self.shipped else "")
        epochs = "1 epoch" if run.train.epochs == 1 else f"{run.train.epochs} epochs"
        data = TITLES.get(run.train.dataset, run.train.dataset)
        return f"{name} · {data}, {run.model.classes} classes{pictures} · {epochs}, seed {run.train.seed}"

    def plain(self, patch_size: int) -> ModelConfig:
        """The ViT of this family at a patch size, whether trained or not. Raises `ConfigError`."""
        return dataclasses.replace(self.example.model.plain(), patch_size=patch_size)

    def patch_sizes(self) -> list[int]:
        """Every patch size of which there is a model."""
        return sorted({run.model.patch_size for run in self.runs})

    def n_maps(self, patch_size: int) -> list[int]:
        """Every n_maps in the family that makes sense at this patch size, whether trained there or not.

        Left out are those that should have come with the project and are `lacking`, and those for which there is
        neither a ViT nor a fast ViT to show.
        """
        tokens = self.plain(patch_size).tokens
        counts = {run.model.n_maps for run in self.runs if run.model.n_maps is not None and run.model.n_maps < tokens}
        return sorted(
            count
            for count in counts
            if (patch_size, count) not in self.lacking and self.pair(patch_size, count).models()
        )

    def pair(self, patch_size: int, n_maps: int | None, wanted: Iterable[str] = ()) -> Pair:
        """The first runs of these settings; a run in `wanted` (ids, from a link) goes before them."""
        return Pair(
            vit=self._first(patch_size, None, wanted),
            fast=None if n_maps is None else self._first(patch_size, n_maps, wanted),
        )

    def _first(self, patch_size: int, n_maps: int | None, wanted: Iterable[str]) -> RunRecord | None:
        alike = [run for run in self.runs if (run.model.patch_size, run.model.n_maps) == (patch_size, n_maps)]
        named = [run for run in alike if run.id in set(wanted)]
        return next(iter(named + alike), None)


@dataclass(frozen=True)
class Catalogue:
    """All families, the one to begin with first, and why some runs are not among them."""

    families: dict[str, Family]
    damaged: dict[str, str]


def runs_dir() -> Path:
    """The folder of the visitor's own runs: VITVIZ_RUNS_DIR, or `runs` where the server was started."""
    return Path(os.environ.get("VITVIZ_RUNS_DIR") or "runs")


def zoo_dir() -> Path:
    """The folder of the models that ship with the project; VITVIZ_ZOO_DIR names another one, as tests do."""
    return Path(os.environ.get("VITVIZ_ZOO_DIR") or FOLDER)


def catalogue(own: Path | None = None, zoo: Path | None = None) -> Catalogue:
    """What is on the disk now. Read again only when a folder of runs has changed."""
    own = runs_dir() if own is None else own
    zoo = zoo_dir() if zoo is None else zoo
    return _read(own, zoo, (_stamp(own), _stamp(zoo)))


@lru_cache(maxsize=4)
def _read(own: Path, zoo: Path, stamps: tuple) -> Catalogue:
    try:
        records, damaged = Runs(RunStore(own), RunStore(zoo, read_only=True)).scan()
    except RunError as error:  # the folder of runs is no folder, or may not be read
        records, damaged = RunStore(zoo, read_only=True).list(), {str(own): str(error)}
    usable = [record for record in records if record.status["epochs_done"] > 0]  # stopped ones keep what they learned
    families: dict[tuple, Family] = {}
    for record in usable:
        if record.model.n_maps is not None:
            families.setdefault(_alike(record) + _learner(record), _family(record)).runs.append(record)
    for record in usable:
        if record.model.n_maps is None:
            homes = [family for alike, family in families.items() if alike[0] == _alike(record)[0]]
            for family in homes or [families.setdefault(_alike(record), _family(record))]:
                family.runs.append(record)
    for family in families.values():
        family.runs.sort(key=lambda run: (run.status["state"] == "finished", run.created, run.id), reverse=True)
        family.shipped = any(record.path.parent == zoo for record in family.runs)
        if family.shipped:
            family.lacking = _lacking(family, damaged)
    # what ships first, then the family with most settings; among equals, the newest
    order = sorted(families.values(), key=lambda family: family.example.created, reverse=True)
    order.sort(key=lambda family: (not family.shipped, -_settings(family)))
    return Catalogue({family.key: family for family in order}, damaged)


def _lacking(family: Family, damaged: dict[str, str]) -> dict[tuple[int, int | None], str]:
    """What the project says that it ships of this family's preset, and is not here."""
    have = {(run.model.patch_size, run.model.n_maps) for run in family.runs}
    return {
        (entry.model.patch_size, entry.model.n_maps): damaged.get(entry.id, "missing")
        for entry in entries()
        if entry.preset == family.example.preset and (entry.model.patch_size, entry.model.n_maps) not in have
    }


# What only a TokenLearner reads: a ViT is the same network whatever these say, and belongs to every such family
_LEARNER = ("insert_after", "token_learner", "selector_norm", "selector_units", "fuse_after")


def _alike(record: RunRecord) -> tuple[str]:
    """What a ViT and its fast ViTs share, as text."""
    shape = {
        name: value for name, value in record.model.to_dict().items() if name not in ("patch_size", "n_maps", *_LEARNER)
    }
    return (json.dumps([shape, record.train.to_dict(), record.preset, record.class_names], sort_keys=True),)


def _learner(record: RunRecord) -> tuple[str]:
    return (json.dumps({name: getattr(record.model, name) for name in _LEARNER}),)


def _family(record: RunRecord) -> Family:
    text = "".join(_alike(record) + (_learner(record) if record.model.n_maps else ()))
    digest = hashlib.blake2b(text.encode(), digest_size=3).hexdigest()
    key = f"{record.preset or 'own'}-{record.train.dataset}-{digest}"
    return Family(key)


def _settings(family: Family) -> int:
    return len({(run.model.patch_size, run.model.n_maps) for run in family.runs})


def _stamp(root: Path) -> tuple:
    """Changes when a run appears or disappears; runs are written whole, by a rename."""
    try:
        with os.scandir(root) as entries:
            return tuple(sorted((entry.name, entry.stat().st_mtime_ns) for entry in entries))
    except OSError:
        return ()
