"""Runs for the pages' tests: real networks with their first, untrained weights, and records made up to fit."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

from vitviz.analysis.operations import total_macs, total_params
from vitviz.config import PRESETS, ModelConfig, TrainConfig
from vitviz.data import load
from vitviz.models import build
from vitviz.runs import RunRecord, RunStore, new_id
from vitviz.zoo import entries, fits

PATCH_SIZES, MAPS = (4, 7, 14), (1, 2, 8)
START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def save_family(root: Path, preset: str = "tuned", patch_sizes=PATCH_SIZES, maps=MAPS) -> list[str]:
    """Saves a ViT of every patch size, and a fast ViT of every n_maps below the number of tokens."""
    chosen = PRESETS[preset]
    train = dataclasses.replace(chosen.train, epochs=2, limit=100)
    ids = []
    for patch_size in patch_sizes:
        vit = dataclasses.replace(chosen.model, patch_size=patch_size)
        for config in (vit, *(vit.fast(count) for count in maps if count < vit.tokens)):
            ids.append(save_run(root, config, train, preset, number=len(ids)))
    return ids


def save_zoo(root: Path, *patterns: str) -> list[str]:
    """Saves the zoo's entries whose ids fit one of the patterns, as the zoo names them; returns their ids."""
    chosen = [entry for entry in entries() if any(fits(entry.id, pattern) for pattern in patterns)]
    return [save_run(root, e.model, e.train, e.preset, number, id=e.id) for number, e in enumerate(chosen)]


def save_run(
    root: Path, config: ModelConfig, train: TrainConfig, preset: str | None, number: int = 0, id: str | None = None
) -> str:
    """Saves one run and returns its id."""
    model = build(config, seed=number)
    created = START + timedelta(minutes=number)
    half = config.n_maps is not None
    scores = {"loss": 0.5, "accuracy": 0.8125 + 0.03125 * half, "precision": 0.875, "recall": 0.75, "top5": 1.0}
    rows = [
        {"epoch": epoch, "seconds": 2.0 * epoch, "learning_rate": 1e-3}
        | {name: value * epoch / 2 for name, value in scores.items()}
        | {f"val_{name}": value * epoch / 2 for name, value in scores.items()}
        for epoch in (1, 2)
    ]
    record = RunRecord(
        id=id or new_id(config, preset, created), model=config, train=train, preset=preset,
        class_names=load("fashion_mnist_mini", classes=config.classes).class_names, data_source="a test",
        created=created, history=rows,
        timing={
            "setup_seconds": 1.0, "compile_seconds": 3.0, "train_seconds": 4.0, "epoch_seconds": [2.0, 2.0],
            "step_ms": {"median": 20.0 - 5 * half, "q1": 19.0 - 5 * half, "q3": 22.0 - 5 * half},
            "batch_size": train.batch_size, "steps_per_epoch": 1,
            "pair": None, "machine": {"cpu": "a test", "cores": 2},
        },
        metrics={split: scores for split in ("train", "validation", "test")},
        operations={"params": total_params(config), "macs": total_macs(config)},
        status={"state": "finished", "epochs_done": 2, "reason": None},
    )  # fmt: skip
    RunStore(root).save(record, {name: variable.numpy() for name, variable in model.named_weights().items()})
    return record.id
