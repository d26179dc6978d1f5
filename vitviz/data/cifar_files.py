"""CIFAR-10 and CIFAR-100 from a folder that the user names: the authors' binary version.

The better-known "python version" is pickled. Unpickling a file that somebody hands over can run any code, so
it is read from Keras' own cache only (by Keras, which checks the archive's hash), never from here.
Layout of a record, from the sets' own page: the label byte(s) — CIFAR-100 has coarse, then fine — and
3,072 bytes: 32 × 32 red, then green, then blue.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .dataset import Split
from .errors import DataError
from .published import PublishedSet

FILES = {
    "cifar10": (tuple(f"data_batch_{part}.bin" for part in range(1, 6)), ("test_batch.bin",)),
    "cifar100": (("train.bin",), ("test.bin",)),
}


def read_cifar_binary(published: PublishedSet, folder: Path) -> tuple[Split, Split] | None:
    """Training and test split from the `.bin` files in `folder`, or None where none of them is there.

    Raises:
        DataError: some are missing, one has the wrong length, or a label is no class.
    """
    train_files, test_files = FILES[published.name]
    missing = [name for name in train_files + test_files if not (folder / name).is_file()]
    if len(missing) == len(train_files + test_files):
        return None
    if missing:
        raise DataError(
            f"{folder} holds only some of {published.title}'s files: {', '.join(missing)} is missing."
        )
    return (
        _read(published, folder, train_files, train=True),
        _read(published, folder, test_files, train=False),
    )


def _read(published: PublishedSet, folder: Path, names: tuple[str, ...], *, train: bool) -> Split:
    label_bytes = 2 if published.name == "cifar100" else 1
    height, width, channels = published.image_shape
    record = label_bytes + height * width * channels
    per_file = (published.n_train if train else published.n_test) // len(names)
    parts = []
    for name in names:
        path = folder / name
        try:
            found = path.stat().st_size
            if found != per_file * record:
                raise DataError(
                    f"{path} must be {per_file * record:,} bytes long ({per_file:,} pictures of {record:,}), "
                    f"but is {found:,}: it is truncated or not the binary version of {published.title}."
                )
            parts.append(np.fromfile(path, np.uint8).reshape(per_file, record))
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error}).") from None
    records = np.concatenate(parts)  # (N, label_bytes + 3072)
    labels = records[:, label_bytes - 1]  # the fine label is the last one
    planes = records[:, label_bytes:].reshape(-1, channels, height, width)
    images = np.ascontiguousarray(planes.transpose(0, 2, 3, 1))  # (N, C, H, W) -> (N, H, W, C)
    return published.split(images, labels, train=train, where=str(folder))
