"""TensorFlow takes seconds to import: a thread does it from the moment that the server starts."""

from __future__ import annotations

import contextlib
import gc
import os
import threading
import time

from vitviz.runs import RunError, RunRecord
from vitviz.ui import caches
from vitviz.ui.catalogue import Family, catalogue
from vitviz.ui.controls import FIRST_MAPS, FIRST_PATCH_SIZE, nearest

FIRST_VISITOR = 1.5  # seconds

_ready = threading.Event()
_failure: list[Exception] = []
_started = threading.Lock()


def start() -> None:
    """Starts the import once for this process; later calls do nothing."""
    if _started.acquire(blocking=False):
        # no daemon: a process that ends while such a thread is inside TensorFlow is aborted
        threading.Thread(target=_import, name="vitviz-warm-up", daemon=False).start()


def ready() -> bool:
    """Whether models can be built now."""
    return _ready.is_set()


def wait() -> None:
    """Waits until models can be built. Raises what the import raised."""
    _ready.wait()
    if _failure:
        raise _failure[0]


def _import() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        import keras

        from vitviz import trained  # imports TensorFlow, the slow part

        trained.keep_graphs_exact()

        # Streamlit clears Keras' session after every run of a page, for notebooks' sake: names that another thread is
        # just building under would go, and a collection of all garbage would hold up every visitor for 0.2 s
        keras.backend.clear_session = lambda *args, **kwargs: None
        gc.freeze()  # what has been imported stays: no collection need look through it again (bench/NOTES.md)
    except Exception as error:
        _failure.append(error)
        return
    finally:
        _ready.set()
    _load_first_family()


def _load_first_family() -> None:
    """Readies the models that the sliders of a first visit move over, the nearest first, so that no move waits."""
    families = list(catalogue().families.values())
    runs = _by_nearness(families[0]) if families else []
    for number, record in enumerate(runs[: caches.COMPILED]):
        if number == 2:
            time.sleep(FIRST_VISITOR)  # has both models of the first page now, and goes first
        if not threading.main_thread().is_alive():  # the process ends
            return
        with contextlib.suppress(RunError, OSError):  # a damaged run says so where it is asked for
            caches.model_of(record)
    for record in runs[: caches.COMPILED]:
        if not threading.main_thread().is_alive():
            return
        with contextlib.suppress(RunError, OSError):
            caches.compile_model(record)
    gc.freeze()


def _by_nearness(family: Family) -> list[RunRecord]:
    """The family's runs by how many steps of the sliders they are away from a first visit's."""
    sizes = family.patch_sizes()
    first = sizes.index(nearest(sizes, FIRST_PATCH_SIZE))

    def steps(run: RunRecord) -> tuple[int, int]:
        size, wanted = run.model.patch_size, run.model.n_maps
        maps = family.n_maps(size)
        aside = abs(maps.index(wanted) - maps.index(nearest(maps, FIRST_MAPS))) if wanted in maps else 0
        return abs(sizes.index(size) - first) + aside, aside

    return sorted(family.runs, key=steps)
