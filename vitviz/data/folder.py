"""A folder of pictures, one sub-folder per class, as a `Dataset`.

The same layout as `keras.utils.image_dataset_from_directory`, read by Pillow alone: nothing waits for
TensorFlow.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .dataset import Dataset, Split
from .errors import DataError
from .pictures import SUFFIXES, check_channels, check_image_size, open_picture, square
from .resize import fit
from .splits import check_choice, choose

DEFAULT_IMAGE_SIZE = 28
TEST_FRACTION = 0.15

# (path, label, index in the sorted listing) of one picture
Entry = tuple[Path, int, int]


def load_folder(
    folder: Path,
    *,
    classes: int | None = None,
    limit: int | None = None,
    image_size: int | None = None,
    channels: int | None = None,
    seed: int = 0,
) -> Dataset:
    """Pictures of any size and mode, each scaled and cut to its middle square.

    Classes are the sub-folders, in the order of their names; pictures lie in them at any depth. Where
    `folder` holds `train/` and `test/`, each with class folders, these are the splits. Otherwise each class
    is shuffled by `seed` and its last 15% (at least one picture) become the test split. Both splits are then
    mixed by `seed`. Files that do not end like a picture, and hidden ones, are passed over.

    Args:
        folder: the folder.
        classes: keep only the first so many classes.
        limit: at most so many pictures per split, see `splits.choose`.
        image_size: the side in pixels, 28 by default.
        channels: 1 or 3; by default 1 where every picture is grey, else 3.
        seed: of the division and the mixing.

    Raises:
        DataError: no such folder, fewer than two classes, a class without enough pictures, or pictures that
            cannot be read (they are named).
    """
    image_size = DEFAULT_IMAGE_SIZE if image_size is None else image_size
    check_image_size(image_size)
    if channels is not None:
        check_channels(channels)
    if not folder.is_dir():
        raise DataError(f"The picture folder {folder} does not exist or is not a folder: name one that does.")
    rng = np.random.default_rng(seed)
    if _subfolders(folder / "train") and _subfolders(folder / "test"):
        train, test, names = _two_listings(folder)
    else:
        listing, names = _listing(folder)
        train, test = _divide(listing, names, folder, rng)
    kept = check_choice(classes, limit, len(names))
    chosen = [_choose(_mixed(part, rng), kept, limit) for part in (train, test)]
    pixels = _read(chosen[0] + chosen[1], image_size)  # (N, image_size, image_size, 3)
    if channels is None:
        channels = 1 if _all_grey(pixels) else 3
    cut = len(chosen[0])
    splits = [_split(pixels[:cut], chosen[0]), _split(pixels[cut:], chosen[1])]
    train_split, test_split = (fit(split, image_size=None, channels=channels) for split in splits)
    return Dataset(
        name="folder",
        train=train_split,
        test=test_split,
        class_names=tuple(names[:kept]),
        source=f"the folder {folder}",
    )


def _subfolders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        (each for each in folder.iterdir() if each.is_dir() and not each.name.startswith(".")),
        key=lambda path: path.name,
    )


def _listing(folder: Path) -> tuple[list[Entry], list[str]]:
    found = _subfolders(folder)
    if len(found) < 2:
        raise DataError(
            f"{folder} must hold at least two sub-folders, one per class with its pictures inside; "
            f"it holds {len(found)}."
        )
    listing, empty = [], []
    for label, class_folder in enumerate(found):
        pictures = sorted(path for path in class_folder.rglob("*") if _is_picture(path, class_folder))
        listing += [(path, label, len(listing) + at) for at, path in enumerate(pictures)]
        if not pictures:
            empty.append(class_folder.name)
    if empty:
        raise DataError(
            f"{folder}: no pictures ({', '.join(SUFFIXES)}) in {_few(empty)}. "
            "Put some in, or remove the folder."
        )
    return listing, [each.name for each in found]


def _two_listings(folder: Path) -> tuple[list[Entry], list[Entry], list[str]]:
    train, names = _listing(folder / "train")
    test, test_names = _listing(folder / "test")
    if names != test_names:
        odd = sorted(set(names) ^ set(test_names))
        raise DataError(
            f"{folder}: train and test must hold the same class folders, "
            f"but only one of them has {_few(odd)}."
        )
    return train, test, names


def _divide(
    listing: list[Entry], names: list[str], folder: Path, rng: np.random.Generator
) -> tuple[list[Entry], list[Entry]]:
    train, test = [], []
    for label, name in enumerate(names):
        entries = _mixed([entry for entry in listing if entry[1] == label], rng)
        if len(entries) < 2:
            raise DataError(
                f"{folder / name} holds one picture; a class needs at least two, "
                "one to train and one to test with."
            )
        n_test = max(1, round(len(entries) * TEST_FRACTION))
        train += entries[:-n_test]
        test += entries[-n_test:]
    return train, test


def _mixed(entries: list[Entry], rng: np.random.Generator) -> list[Entry]:
    return [entries[at] for at in rng.permutation(len(entries))]


def _choose(entries: list[Entry], classes: int, limit: int | None) -> list[Entry]:
    labels = np.array([label for _, label, _ in entries])
    return [entries[at] for at in choose(labels, classes=classes, limit=limit)]


def _read(entries: list[Entry], image_size: int) -> np.ndarray:
    pixels = np.empty((len(entries), image_size, image_size, 3), np.uint8)
    unreadable = []
    for at, (path, _, _) in enumerate(entries):
        try:
            picture, _ = open_picture(path, called=str(path))
        except DataError as error:
            unreadable.append(error)
            continue
        pixels[at] = square(picture.convert("RGB"), image_size)
    if unreadable:
        more = f" And {len(unreadable) - 3} more." if len(unreadable) > 3 else ""
        raise DataError(" ".join(str(error) for error in unreadable[:3]) + more)
    return pixels


def _all_grey(pixels: np.ndarray) -> bool:
    # By content: many grey pictures are stored as RGB.
    return bool((pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all())


def _split(pixels: np.ndarray, entries: list[Entry]) -> Split:
    return Split(pixels, np.array([label for _, label, _ in entries]), np.array([at for _, _, at in entries]))


def _is_picture(path: Path, top: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(top).parts)
    return not hidden and path.suffix.lower() in SUFFIXES and path.is_file()


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
