"""Keras' own cache of downloaded sets, and its download.

Importing Keras brings TensorFlow in (seconds), so it happens inside the function that needs it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .dataset import Split
from .errors import DataError
from .published import PublishedSet

# What Keras leaves behind for a CIFAR set: the archive, which it unpacks again at every load.
CIFAR_ARCHIVES = {
    "cifar10": "cifar-10-batches-py-target_archive",
    "cifar100": "cifar-100-python-target_archive",
}

# Without a limit, a network that swallows packets holds a download for minutes.
DOWNLOAD_TIMEOUT_SECONDS = 20


def cache_folder() -> Path:
    """Where Keras keeps its sets: `$KERAS_HOME/datasets`, by default `~/.keras/datasets`."""
    home = os.environ.get("KERAS_HOME")
    return Path(home or "~/.keras").expanduser() / "datasets"


def cached_cifar(published: PublishedSet) -> bool:
    """Whether the archive of a CIFAR set lies in Keras' cache."""
    archive = CIFAR_ARCHIVES.get(published.name)
    return archive is not None and (cache_folder() / archive).is_file()


def load_through_keras(published: PublishedSet) -> tuple[Split, Split]:
    """Training and test split by Keras' loader, which downloads what its cache lacks.

    Raises:
        DataError: no network, no Keras, or a damaged cache; the message tells the ways out.
    """
    try:
        with _impatient():
            import keras

            (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, published.name).load_data()
    # Keras raises a bare Exception for a failed download, and a damaged cache can raise nearly anything.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"{published.title} is not on this machine, and Keras could not load or download it ({reason}). "
            f"{_ways_out(published)}"
        ) from error
    where = f"Keras' cache ({cache_folder()})"
    return (
        published.split(x_train, y_train, train=True, where=where),
        published.split(x_test, y_test, train=False, where=where),
    )


def _ways_out(published: PublishedSet) -> str:
    if published.name == "fashion_mnist":
        return (
            "Name a folder that holds its four files (--data-dir), install Debian's package "
            "dataset-fashion-mnist, or use the bundled sample: fashion_mnist_mini."
        )
    return (
        f"Name a folder that holds it (--data-dir), look into Keras' cache {cache_folder()}, "
        "or use the bundled sample: fashion_mnist_mini."
    )


@contextmanager
def _impatient() -> Iterator[None]:
    # Keras' download takes no timeout of its own; this default reaches the socket that it opens.
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
