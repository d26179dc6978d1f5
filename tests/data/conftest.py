"""Small stand-ins for the published sets: same files and checks, fewer pictures."""

from __future__ import annotations

import dataclasses
import gzip
import struct

import numpy as np
import pytest

from vitviz.data import find as finding
from vitviz.data.published import PUBLISHED

N_TRAIN, N_TEST = 40, 20


def idx_bytes(values: np.ndarray, *, kind: int = 0x08) -> bytes:
    """An IDX file as its description says, written independently of the reader."""
    return struct.pack(f">BBBB{values.ndim}I", 0, 0, kind, values.ndim, *values.shape) + values.tobytes()


@dataclasses.dataclass(frozen=True)
class FourFiles:
    """The arrays of a small MNIST-like set and a way to write them as four IDX files."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray

    def write(self, folder, *, zipped=True):
        folder.mkdir(parents=True, exist_ok=True)
        for name, values in (
            ("train-images-idx3-ubyte", self.train_images),
            ("train-labels-idx1-ubyte", self.train_labels),
            ("t10k-images-idx3-ubyte", self.test_images),
            ("t10k-labels-idx1-ubyte", self.test_labels),
        ):
            content = idx_bytes(values)
            if zipped:
                (folder / f"{name}.gz").write_bytes(gzip.compress(content))
            else:
                (folder / name).write_bytes(content)
        return folder


@pytest.fixture
def four_files():
    rng = np.random.default_rng(5)
    return FourFiles(
        rng.integers(0, 256, (N_TRAIN, 28, 28), np.uint8),
        (np.arange(N_TRAIN) % 10).astype(np.uint8),
        rng.integers(0, 256, (N_TEST, 28, 28), np.uint8),
        (np.arange(N_TEST) % 10).astype(np.uint8),
    )


@pytest.fixture
def small_sets(monkeypatch, tmp_path):
    """Published sets have 40 + 20 pictures, and this machine has none: no package, an empty Keras cache."""
    for name, published in list(PUBLISHED.items()):
        small = dataclasses.replace(published, n_train=N_TRAIN, n_test=N_TEST)
        monkeypatch.setitem(PUBLISHED, name, small)
    monkeypatch.setattr(finding, "DEBIAN_FASHION_MNIST", tmp_path / "no-package")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return PUBLISHED
