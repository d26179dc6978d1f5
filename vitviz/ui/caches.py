"""Models, traces and figures, kept for every visitor of this server, within bounds.

What is kept depends on the run and the picture alone, so visitors share it, and two who ask for the same at once wait
for one making of it. One lock stands around building models: Keras keeps settings per thread. No Streamlit here: the
thread that warms up may call everything.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import numpy as np

from vitviz.runs import RunRecord

if TYPE_CHECKING:
    from vitviz.trace import Trace

MODELS = 32  # about 6 MB each
COMPILED = 24  # about 11 MB each: the shipped ones, and a pair of one's own
TRACES = 400  # 0.1 MB each, 0.3 MB at patch size 4
FIGURES = 600  # up to 40 KB each, six for a scene


class Bounded:
    """Keeps the most recently used values, `size` of them at most. For many threads at once."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._making: dict[Hashable, Future] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The value kept under `key`, or what `make` returns; raises what `make` raises, and then keeps nothing."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            others = self._making.get(key)
            if others is None:
                mine = self._making[key] = Future()
        if others is not None:
            return others.result()
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                del self._making[key]
            mine.set_exception(error)
            raise
        with self._lock:
            del self._making[key]
            self._kept[key] = value
            while len(self._kept) > self.size:
                self._kept.popitem(last=False)
        mine.set_result(value)
        return value

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def __len__(self) -> int:
        return len(self._kept)


building = threading.RLock()  # around every building of a model: two at once spoil the names of each other's weights
_models = Bounded(MODELS)
_compiled = Bounded(COMPILED)
_traces = Bounded(TRACES)
_answers = Bounded(MODELS)
_figures = Bounded(FIGURES)


def trace_of(record: RunRecord, image: np.ndarray) -> Trace:
    """Everything that the run's model computes on its way through `image`, `(H, W, C)` uint8.

    Raises:
        RunError: the run's weights are missing or damaged.
    """
    return _traces.get((identity(record), fingerprint(image)), lambda: _trace(record, image))


def model_of(record: RunRecord) -> Any:
    """The run's model, ready to compute. Raises `RunError` as `trace_of`."""
    from vitviz.trained import load_model

    def load() -> Any:
        with building:
            return load_model(record)

    return _models.get(identity(record), load)


def built(record: RunRecord) -> bool:
    """Whether the run's model is ready now."""
    return identity(record) in _models


def compile_model(record: RunRecord) -> None:
    """Makes the run's next traces fast, at the price of 0.2 s now. Raises `RunError` as `trace_of`."""
    from vitviz.trained import compile_observe

    model = model_of(record)

    def compile_it() -> Any:
        with building:
            return compile_observe(model)

    _compiled.get(identity(record), compile_it)


def answers_of(record: RunRecord, images: np.ndarray) -> np.ndarray:
    """The classes `(N,)` that the run's model answers for `(N, H, W, C)` pictures. Raises `RunError`."""
    model = model_of(record)

    def ask() -> np.ndarray:
        parts = [model(images[start : start + 128]).numpy() for start in range(0, len(images), 128)]
        return np.concatenate(parts).argmax(axis=1)

    return _answers.get((identity(record), fingerprint(images)), ask)


def figure_of(key: Hashable, make: Callable[[], Any]) -> Any:
    """The figure kept under `key`, or what `make` draws. `key` must name everything that the drawing depends on."""
    return _figures.get(key, make)


def _trace(record: RunRecord, image: np.ndarray) -> Trace:
    from vitviz.trace import trace

    model, key = model_of(record), identity(record)
    if image.dtype == np.uint8 and key in _compiled:
        return trace(model, image, _compiled.get(key, lambda: model.observe))
    return trace(model, image)  # 40 ms of Python: for a visitor who comes before the compiled one


def identity(record: RunRecord) -> tuple[str, str, int]:
    """What tells one run's model from every other: the folder; the moment, as an old id may come back; the epochs, as
    a stopped training may have gone on."""
    return str(record.path), record.created.isoformat(), record.status["epochs_done"]


def fingerprint(image: np.ndarray) -> tuple[bytes, tuple[int, ...]]:
    """What tells one array of pixels from every other."""
    return hashlib.blake2b(image.tobytes(), digest_size=16).digest(), image.shape
