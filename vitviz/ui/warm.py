"""TensorFlow takes seconds to import: a thread does it from the moment that the server starts."""

from __future__ import annotations

import contextlib
import gc
import os
import threading

from vitviz.runs import RunError, RunRecord
from vitviz.ui import caches
from vitviz.ui.catalogue import catalogue

_ready = threading.Event()
_failure: list[Exception] = []
_started = threading.Lock()


def start() -> None:
    """Starts the import once for this process; later calls do nothing."""
    if _started.acquire(blocking=False):
        threading.Thread(target=_import, name="vitviz-warm-up", daemon=True).start()


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

        import vitviz.trained  # noqa: F401 - imports TensorFlow, the slow part

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
    """Loads the models that the sliders of a first visit move over, so that no first move waits."""
    families = list(catalogue().families.values())
    for record in _sorted_from_the_middle(families[0].runs if families else [])[: caches.MODELS // 2]:
        with contextlib.suppress(RunError, OSError):  # a damaged run says so where it is asked for
            caches.model_of(record)
    gc.freeze()


def _sorted_from_the_middle(runs: list[RunRecord]) -> list[RunRecord]:
    return sorted(runs, key=lambda run: abs(run.model.patch_size - 7))
