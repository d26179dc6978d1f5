"""The pictures of one epoch: shuffled, augmented, cut into batches of one size.

A whole epoch is augmented at once in NumPy. For 54,000 pictures that takes under half a second, where the same
operations as layers of a compiled model cost as much as the network itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vitviz.config import TrainConfig

ERASED_AREA = (0.02, 0.2)  # the smallest and largest share of a picture that is erased (arXiv 1708.04896)


def epoch_batches(
    images: np.ndarray,
    labels: np.ndarray,
    config: TrainConfig,
    epoch: int,
    teacher: np.ndarray | None = None,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]]:
    """Batches of one epoch, in an order that depends on the seed and the epoch alone.

    Args:
        images: uint8 `(pictures, height, width, channels)`.
        labels: `(pictures,)`.
        epoch: counted from 0.
        teacher: probabilities `(2, pictures, classes)` that a teacher gives each picture, and its mirror image.

    Yields:
        images `(batch, height, width, channels)`, labels `(batch,)`, weights `(batch,)` and what the teacher says
        `(batch, classes)`, or None without one. Every batch has the same size, so that the step is compiled once:
        the last one is filled up with pictures of weight 0.
    """
    random = np.random.default_rng([config.seed, epoch])
    order = random.permutation(len(images))
    mirrored = random.random(len(images)) < 0.5 if config.flip else np.zeros(len(images), bool)
    images, labels = augment(images[order], mirrored, config, random), labels[order].astype(np.int32)
    said = None if teacher is None else teacher[mirrored.astype(int), order].astype(np.float32)
    size = config.batch_size
    for start in range(0, len(images), size):
        part = slice(start, start + size)
        yield *fill(images[part], labels[part], size), None if said is None else _filled(said[part], size)


def fill(images: np.ndarray, labels: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A batch of exactly `size`, and the weight of each picture: 1, or 0 for what was added.

    Args:
        images: `(pictures, height, width, channels)`, at most `size` of them.
        labels: `(pictures,)`.

    Returns:
        images `(size, height, width, channels)` and labels `(size,)`, filled up with zeros of their type, and weights,
        float32 `(size,)`.

    Raises:
        ValueError: there are more than `size` pictures.
    """
    weights = _filled(np.ones(len(images), np.float32), size)
    return _filled(images, size), _filled(labels, size), weights


def _filled(array: np.ndarray, size: int) -> np.ndarray:
    missing = size - len(array)
    return np.concatenate([array, np.zeros((missing, *array.shape[1:]), array.dtype)]) if missing else array


def augment(images: np.ndarray, mirrored: np.ndarray, config: TrainConfig, random: np.random.Generator) -> np.ndarray:
    """Flips the `mirrored` ones, shifts and erases at random, each picture on its own; may write into `images`.

    Args:
        images: uint8 `(pictures, height, width, channels)`.
        mirrored: bool `(pictures,)`.

    Returns:
        uint8 of the same shape.
    """
    images[mirrored] = images[mirrored, :, ::-1]
    if config.shift:
        images = _shift(images, config.shift, random)
    if config.erase:
        images = _erase(images, config.erase, random)
    return images


def _shift(images: np.ndarray, most: int, random: np.random.Generator) -> np.ndarray:
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (most, most), (most, most), (0, 0)))
    down, right = random.integers(0, 2 * most + 1, (2, len(images)))
    for y in range(2 * most + 1):
        for x in range(2 * most + 1):
            chosen = np.flatnonzero((down == y) & (right == x))
            images[chosen] = padded[chosen, y : y + height, x : x + width]
    return images


def _erase(images: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    chosen = np.flatnonzero(random.random(len(images)) < share)
    count, (height, width) = len(chosen), images.shape[1:3]
    area = random.uniform(*ERASED_AREA, count) * height * width
    ratio = np.exp(random.uniform(np.log(1 / 3), np.log(3), count))
    tall = np.clip(np.sqrt(area * ratio), 1, height).astype(int)
    wide = np.clip(np.sqrt(area / ratio), 1, width).astype(int)
    top = (random.random(count) * (height - tall + 1)).astype(int)
    left = (random.random(count) * (width - wide + 1)).astype(int)
    rows, columns = np.arange(height)[None], np.arange(width)[None]
    in_rows = (rows >= top[:, None]) & (rows < (top + tall)[:, None])
    in_columns = (columns >= left[:, None]) & (columns < (left + wide)[:, None])
    hole = (in_rows[:, :, None] & in_columns[:, None, :])[..., None]  # (pictures, height, width, 1)
    noise = random.integers(0, 256, (count, 1, 1, 1), dtype=np.uint8)
    images[chosen] = np.where(hole, noise, images[chosen])
    return images
