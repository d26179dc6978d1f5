"""The one door to every set of pictures."""

from __future__ import annotations

from pathlib import Path

from vitviz.config import DATASETS

from .dataset import Dataset
from .errors import DataError
from .find import find
from .folder import load_folder
from .place import place_of
from .published import FASHION_MNIST, PUBLISHED
from .resize import fit
from .sample import NAME as SAMPLE
from .sample import load_sample
from .splits import check_choice, choose

NAMES = DATASETS


def load(
    name: str,
    *,
    folder: Path | str | None = None,
    classes: int | None = None,
    limit: int | None = None,
    image_size: int | None = None,
    channels: int | None = None,
    seed: int = 0,
    download: bool = True,
) -> Dataset:
    """A set of pictures by its name.

    Args:
        name: one of `NAMES`. `folder` is a folder of the user's own pictures, see `load_folder`.
        folder: where to look. A published set is then taken from there or not at all; without it, it is
            looked for in Debian's package, then in Keras' cache, then downloaded through Keras.
        classes: keep the labels 0 … classes−1 only (4 is the tutorial's); by default all.
        limit: keep the first so many training pictures of those classes, and at most so many test ones, with
            every class present where possible: see `splits.choose`.
        image_size: scale to this side in pixels; by default the set's own (28 for `folder`).
        channels: 1 or 3; by default the set's own.
        seed: of the division of a folder; a published set has its own.
        download: whether a published set that is not on this machine is downloaded; if not, it cannot be found.

    Raises:
        DataError: an unknown name, a bad value or path, a set that cannot be found, or a damaged file.
    """
    if name not in NAMES:
        raise DataError(f"There is no data set called {name!r}: the names are {', '.join(NAMES)}.")
    try:
        place = None if folder is None else place_of(folder)
        return _load(name, place, classes, limit, image_size, channels, seed, download)
    except OSError as error:  # a folder without permission, a disk that is gone
        raise DataError(
            f"The data set {name} cannot be read ({error}): check the folder and its rights."
        ) from error


def _load(
    name: str,
    folder: Path | None,
    classes: int | None,
    limit: int | None,
    image_size: int | None,
    channels: int | None,
    seed: int,
    download: bool,
) -> Dataset:
    if name == "folder":
        if folder is None:
            raise DataError("The data set 'folder' needs a folder of pictures: name one (--data-dir).")
        return load_folder(
            folder, classes=classes, limit=limit, image_size=image_size, channels=channels, seed=seed
        )
    class_names = FASHION_MNIST.class_names if name == SAMPLE else PUBLISHED[name].class_names
    kept = check_choice(classes, limit, len(class_names))  # before the slow reading
    if name == SAMPLE:
        train, test, source = load_sample(folder)
    else:
        train, test, source = find(PUBLISHED[name], folder, download=download)
    if classes is not None or limit is not None:
        train, test = (part.take(choose(part.labels, classes=kept, limit=limit)) for part in (train, test))
    return Dataset(
        name=name,
        train=fit(train, image_size=image_size, channels=channels),
        test=fit(test, image_size=image_size, channels=channels),
        class_names=class_names[:kept],
        source=source,
    )
