"""Models and traces, kept for every visitor of this server, within bounds.

One lock stands around building, filling and tracing: Keras keeps settings per thread, and two visitors who ask for
the same model at once should wait for one of it. What is kept depends on the run and the picture alone, so visitors
share it. No Streamlit here: the thread that warms up may call everything.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import numpy as np

from vitviz.runs import RunRecord

if TYPE_CHECKING:
    from vitviz.trace import Trace

MODELS = 48  # about 2.5 MB each
TRACES = 400  # about 0.3 MB each at patch size 4
FIGURES = 600  # about 0.1 MB each


class Bounded:
    """Keeps the most recently used values, `size` of them at most. Use it under a lock."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The value kept under `key`, or what `make` returns."""
        if key not in self._kept:
            self._kept[key] = make()
        self._kept.move_to_end(key)
        while len(self._kept) > self.size:
            self._kept.popitem(last=False)
        return self._kept[key]

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def __len__(self) -> int:
        return len(self._kept)


_lock = threading.RLock()
_models = Bounded(MODELS)
_traces = Bounded(TRACES)
_answers = Bounded(MODELS)
_figures_lock = threading.Lock()  # apart from the models' lock: nobody waits for a figure that is already drawn
_figures = Bounded(FIGURES)


def trace_of(record: RunRecord, image: np.ndarray) -> Trace:
    """Everything that the run's model computes on its way through `image`, `(H, W, C)` uint8.

    Raises:
        RunError: the run's weights are missing or damaged.
    """
    with _lock:
        return _traces.get((identity(record), fingerprint(image)), lambda: _trace(record, image))


def model_of(record: RunRecord) -> Any:
    """The run's model, ready to compute. Raises `RunError` as `trace_of`."""
    from vitviz.trained import load_model

    with _lock:
        return _models.get(identity(record), lambda: load_model(record))


def answers_of(record: RunRecord, images: np.ndarray) -> np.ndarray:
    """The classes `(N,)` that the run's model answers for `(N, H, W, C)` pictures. Raises `RunError`."""
    model = model_of(record)

    def ask() -> np.ndarray:
        parts = [model(images[start : start + 128]).numpy() for start in range(0, len(images), 128)]
        return np.concatenate(parts).argmax(axis=1)

    with _lock:
        return _answers.get((identity(record), fingerprint(images)), ask)


def figure_of(key: Hashable, make: Callable[[], Any]) -> Any:
    """The figure kept under `key`, or what `make` draws. `key` must name everything that the drawing depends on."""
    with _figures_lock:
        if key in _figures:
            return _figures.get(key, make)
    drawn = make()  # outside the lock: other visitors need not wait for it
    with _figures_lock:
        return _figures.get(key, lambda: drawn)


def _trace(record: RunRecord, image: np.ndarray) -> Trace:
    from vitviz.trace import trace

    return trace(model_of(record), image)


def identity(record: RunRecord) -> tuple[str, str]:
    """What tells one run's model from every other: the folder, and the moment, as an old id may come back."""
    return str(record.path), record.created.isoformat()


def fingerprint(image: np.ndarray) -> tuple[bytes, tuple[int, ...]]:
    """What tells one array of pixels from every other."""
    return hashlib.blake2b(image.tobytes(), digest_size=16).digest(), image.shape
