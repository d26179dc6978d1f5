"""A small run to save, and stores to save it in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from vitviz.config import ModelConfig, TrainConfig
from vitviz.runs import RunRecord, RunStore

Weights = dict[str, np.ndarray]


def _measures(loss: float) -> dict[str, float]:
    return {"loss": loss, "accuracy": 1 / 3, "precision": 0.8, "recall": 0.7, "top5": 1.0}


def _row(epoch: int) -> dict[str, float]:
    validation = {f"val_{name}": value for name, value in _measures(0.2 / epoch).items()}
    return {"epoch": epoch, "seconds": 1.1 * epoch, "learning_rate": 1e-3, **_measures(0.1 / epoch), **validation}


@pytest.fixture
def make_record() -> Callable[..., RunRecord]:
    def make(id: str = "20261123-142501-tuned-p7-fast4", **changes: object) -> RunRecord:
        values = {
            "model": ModelConfig(classes=3, patch_size=7, n_maps=4), "train": TrainConfig(epochs=2),
            "preset": "tuned", "class_names": ("coat", "bag", "T-shirt/top"),
            "data_source": "a folder of my own, große",
            "pair": "20261123-142501-tuned-p7-vit", "created": datetime(2026, 11, 23, 14, 25, 1, 250, tzinfo=UTC),
            "history": [_row(1), _row(2)],
            "timing": {"setup_seconds": 0.5, "step_ms": {"median": 7.25, "q1": 7.0, "q3": 8.0},
                       "epoch_seconds": [1.0, 1.1], "machine": {"cpu": "one", "cores": 2}, "pair": None},
            "metrics": {"train": _measures(0.1), "validation": _measures(0.2), "test": _measures(0.3)},
            "operations": {"params": 1234, "macs": 56789},
            "status": {"state": "finished", "epochs_done": 2, "reason": None},
        }
        return RunRecord(id=id, **(values | changes))

    return make


@pytest.fixture
def weights() -> Weights:
    random = np.random.default_rng(3)
    return {
        "embedding/kernel": random.normal(size=(49, 128)).astype(np.float32),
        "block_1/attention/query_kernel": random.normal(scale=0.02, size=(128, 4, 32)).astype(np.float32),
        "output/bias": np.zeros(3, np.float32),
    }


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


@pytest.fixture
def saved(store: RunStore, make_record: Callable[..., RunRecord], weights: Weights) -> Path:
    """The folder of one run that lies in `store`."""
    return store.save(make_record(), weights)
