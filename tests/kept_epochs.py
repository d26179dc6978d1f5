"""A pair that was trained for real, in seconds, with the weights kept after each epoch; and what to expect of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from live_trainings import SMALL

from vitviz.commands import main
from vitviz.data import load
from vitviz.models import build
from vitviz.runs import RunRecord, RunStore
from vitviz.trace import Trace, trace

EPOCHS = 3
PATCH = 7
ARGUMENTS = [*SMALL, "--patch-size", str(PATCH), "--epochs", str(EPOCHS), "--batch-size", "20"]


def train_pair(root: Path) -> tuple[RunRecord, RunRecord]:
    """Trains a ViT and a fast ViT, and returns their runs."""
    assert main(["train", *ARGUMENTS, "--runs-dir", str(root)]) == 0
    vit, fast = sorted(RunStore(root).list(), key=lambda run: run.model.kind, reverse=True)
    return vit, fast


def fixed_images() -> tuple[np.ndarray, np.ndarray]:
    """The first test picture of each class, and the classes."""
    test = load("fashion_mnist_mini", limit=200).test
    _, firsts = np.unique(test.labels, return_index=True)
    return test.images[firsts], test.labels[firsts]


def traces_after(run: RunRecord, epoch: int) -> list[Trace]:
    """Every fixed picture, traced one by one by a model that is built for it and filled from the snapshot's file."""
    model = build(run.model, initial=None)
    with np.load(run.path / "epochs" / f"{epoch:03}.npz", allow_pickle=False) as saved:
        for name, variable in model.named_weights().items():
            assert saved[name].dtype == np.float16
            variable.assign(saved[name].astype(np.float32))
    return [trace(model, image) for image in fixed_images()[0]]


def cosines(vectors: np.ndarray) -> np.ndarray:
    """`(n, n)` between every two rows."""
    unit = vectors.astype(float) / np.linalg.norm(vectors.astype(float), axis=1, keepdims=True)
    return unit @ unit.T


def seen_from_patch(traced: Trace, layer: int, patch: int) -> np.ndarray:
    """The mean of the heads, from one patch to all patches; between learned tokens, through the shares of the maps."""
    attention = traced.attention[layer].astype(float).mean(axis=0)  # (T, T)
    if len(attention) == len(traced.patches):
        return attention[patch]
    maps = traced.weight_maps.astype(float)  # (tokens, n_maps)
    own = maps[patch] / maps[patch].sum()
    return own @ attention @ (maps / maps.sum(axis=0)).T
