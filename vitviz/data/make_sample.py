"""Makes the bundled sample from the full Fashion-MNIST: `python -m vitviz.data.make_sample [--data-dir DIR]`.

The first 500 training and the first 100 test pictures of every class in the files: no choice that could
favour anything. They are stored in rounds of one picture per class, so that any beginning (a limit) and any
end (what is held out for validation) has the classes in equal parts. The same input gives the same file, byte
for byte.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from .dataset import Dataset, Split
from .load import load
from .sample import FILE, FOLDER, TEST_PER_CLASS, TRAIN_PER_CLASS


def write_sample(full: Dataset, folder: Path) -> Path:
    """Writes the sample of `full` into `folder` and returns its path."""
    arrays = {}
    for part, split, per_class in (
        ("train", full.train, TRAIN_PER_CLASS),
        ("test", full.test, TEST_PER_CLASS),
    ):
        chosen = split.take(first_of_each(split, per_class))
        arrays[f"{part}_images"] = chosen.images[..., 0]  # (N, 28, 28, 1) -> (N, 28, 28)
        arrays[f"{part}_labels"] = chosen.labels.astype(np.uint8)
        arrays[f"{part}_index"] = chosen.index.astype(np.uint16)  # 60,000 fit
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    np.savez_compressed(path, **arrays)
    return path


def first_of_each(split: Split, per_class: int) -> np.ndarray:
    """Positions of the first `per_class` pictures of every class: the first ones, the second ones, …"""
    firsts = [np.flatnonzero(split.labels == label)[:per_class] for label in np.unique(split.labels)]
    rounds = np.stack(firsts, axis=1)  # (per_class, classes)
    # In file order within a round, so that the classes are mixed there too.
    return np.sort(rounds, axis=1).ravel()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m vitviz.data.make_sample", description=__doc__)
    parser.add_argument("--data-dir", type=Path, help="where the full set lies; by default the usual places")
    parser.add_argument(
        "--out", type=Path, default=FOLDER, help="the folder to write to (default: %(default)s)"
    )
    options = parser.parse_args()
    path = write_sample(load("fashion_mnist", folder=options.data_dir), options.out)
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
