"""Makes frames in a thread of its own, and keeps them for every visitor of this server, within bounds.

Nobody waits for it: who asks gets what is there, and what is not is made next. One model is built for each shape, and
given the weights of one epoch after the other; only this thread touches it. No Streamlit here.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable

import numpy as np

from vitviz.runs import RunError
from vitviz.ui import warm
from vitviz.ui.caches import Bounded, building
from vitviz.ui.time_machine.films import Film, Training
from vitviz.ui.time_machine.fixed_pictures import key_of, load_fixed
from vitviz.ui.time_machine.frames import Frame, NoFrameError, make_frame, observer

MOST_BYTES = 200_000_000
SHAPES = 6  # models that are built, about 3 MB each

log = logging.getLogger(__name__)


class Tracer:
    """From snapshots to frames. A frame that cannot be made is its reason, a text."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[Hashable, Frame | str] = OrderedDict()
        self._asked: OrderedDict[Hashable, tuple[Film, int, tuple, bool]] = OrderedDict()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._models = Bounded(SHAPES)

    def frames(
        self, training: Training, film: Film, epochs: Iterable[int], *, every_head: bool
    ) -> dict[int, Frame | str]:
        """Those that are there, by epoch; the others are made from now on."""
        found: dict[int, Frame | str] = {}
        pictures = key_of(training)
        with self._changed:
            for epoch in epochs:
                key = _key(film, epoch, pictures, every_head)
                if key is None:
                    found[epoch] = "its file is missing"
                elif key in self._kept:
                    self._kept.move_to_end(key)
                    found[epoch] = self._kept[key]
                else:
                    self._asked.setdefault(key, (film, epoch, pictures, every_head))
            if self._asked:
                self._start()
                self._changed.notify()
        return found

    def newest(self, training: Training, film: Film) -> tuple[int, Frame | str] | None:
        """The latest epoch that is there, with the heads' mean; a later one is made from now on.

        The reason of the latest one where none can be shown; None while nothing is there yet.
        """
        epochs, pictures = film.snapshots.epochs(), key_of(training)
        latest = self.frames(training, film, epochs[-1:], every_head=False)
        with self._changed:
            for epoch in reversed(epochs):
                frame = self._kept.get(_key(film, epoch, pictures, False))
                if isinstance(frame, Frame):
                    return epoch, frame
        return next(iter(latest.items()), None)

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            warm.start()
            self._thread = threading.Thread(target=self._work, name="vitviz-time-machine", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._asked:
                    self._changed.wait()
                key, task = next(iter(self._asked.items()))
            made = self._make(*task)
            with self._changed:
                self._keep(key, made)
                del self._asked[key]

    def _keep(self, key: Hashable, made: Frame | str) -> None:
        self._kept[key] = made
        self._bytes += _size(made)
        while self._bytes > self.most_bytes and len(self._kept) > 1:
            self._bytes -= _size(self._kept.popitem(last=False)[1])

    def _make(self, film: Film, epoch: int, pictures: tuple, every_head: bool) -> Frame | str:
        try:
            warm.wait()
            images = load_fixed(pictures).images
            return self._trace(film, epoch, images, every_head)
        except (RunError, NoFrameError) as error:
            return str(error)
        except Exception as error:  # whatever it is, it must not end the thread that everybody relies on
            log.exception("epoch %s of %s", epoch, film.snapshots.folder)
            return f"it cannot be shown: {error}"

    def _trace(self, film: Film, epoch: int, images: np.ndarray, every_head: bool) -> Frame:
        from vitviz.models import build

        def make() -> tuple:
            with building:
                model = build(film.config, initial=None)
                return model, model.named_weights(), observer(model)

        model, variables, observe = self._models.get(film.config, make)
        weights = film.snapshots.weights(epoch, {name: tuple(value.shape) for name, value in variables.items()})
        for name, variable in variables.items():
            variable.assign(weights[name])
        return make_frame(model, observe, images, every_head)


def _key(film: Film, epoch: int, pictures: tuple, every_head: bool) -> Hashable | None:
    """What a frame depends on; None without a file. A snapshot that moves from a training to its run stays the same."""
    try:
        file = os.stat(film.snapshots.folder / f"{epoch:03}.npz")
    except OSError:
        return None
    return film.config, (file.st_ino, file.st_mtime_ns, file.st_size), pictures, every_head


def _size(made: Frame | str) -> int:
    return made.nbytes if isinstance(made, Frame) else 200


tracer = Tracer()  # one for all visitors
