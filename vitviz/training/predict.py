"""Logits for many pictures, in batches of one size."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from vitviz.models import VisionTransformer
from vitviz.training.batches import fill
from vitviz.training.parts import parts

BATCH = 500  # divides the usual test sets; larger ones were no faster and need more memory


class Predictor:
    """Keeps one compiled forward pass of a model: `(pictures, H, W, C)` → logits `(pictures, classes)`."""

    def __init__(self, model: VisionTransformer) -> None:
        self._forward = tf.function(
            lambda images: tf.concat([model(part) for part in tf.split(images, parts(BATCH))], axis=0)
        )

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """uint8 `(pictures, height, width, channels)` → float32 logits `(pictures, classes)`.

        Raises:
            ValueError: there is no picture, or the pictures do not have the shape that the model reads.
        """
        logits = []
        for start in range(0, len(images), BATCH):
            batch = images[start : start + BATCH]
            filled, _, _ = fill(batch, np.zeros(len(batch), np.int32), BATCH)
            logits.append(self._forward(tf.constant(filled)).numpy()[: len(batch)])
        return np.concatenate(logits)
