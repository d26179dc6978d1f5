"""From pictures to patches: the sequence that a Vision Transformer reads."""

from __future__ import annotations

import tensorflow as tf

from vitviz.config import Edge, Pixels


def cut_patches(images: tf.Tensor, patch_size: int, edge: Edge) -> tf.Tensor:
    """Cuts pictures into square patches, row by row from the top left (arXiv 2010.11929, equation 1).

    Args:
        images: `(batch, height, width, channels)`.
        patch_size: side of a patch in pixels.
        edge: where the patch does not divide the side, `"crop"` drops the rest at the right and the
            bottom, `"pad"` adds zeros there.

    Returns:
        `(batch, rows·columns, patch_size²·channels)`, each patch flattened row by row, channels last.
    """
    _, height, width, channels = images.shape
    if edge == "pad":
        images = tf.pad(images, [[0, 0], [0, -height % patch_size], [0, -width % patch_size], [0, 0]])
    rows, columns = images.shape[1] // patch_size, images.shape[2] // patch_size
    images = images[:, : rows * patch_size, : columns * patch_size]
    grid = tf.reshape(images, (-1, rows, patch_size, columns, patch_size, channels))
    grid = tf.transpose(grid, (0, 1, 3, 2, 4, 5))  # (batch, rows, columns, patch, patch, channels)
    return tf.reshape(grid, (-1, rows * columns, patch_size * patch_size * channels))


def scale_pixels(images: tf.Tensor, pixels: Pixels) -> tf.Tensor:
    """Maps pictures `(…)` of any number type, values 0…255, to the range that the network reads: float32 `(…)`."""
    images = tf.cast(images, tf.float32)
    if pixels == "0..1":
        return images / 255.0
    if pixels == "-1..1":
        return images / 127.5 - 1.0
    return images
