"""One training step, compiled: forward, loss, gradients, update."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from vitviz.config import TrainConfig
from vitviz.models import VisionTransformer
from vitviz.models.attention import folded_once
from vitviz.training.adam import Adam
from vitviz.training.muon import Muon
from vitviz.training.parts import parts


class TrainStep:
    """Owns the optimizer's state of one model and the compiled step that moves both forward."""

    def __init__(self, model: VisionTransformer, config: TrainConfig) -> None:
        self.model = model
        self.config = config
        kind = {"adam": Adam, "muon": Muon}[config.optimizer]
        self.optimizer = kind(model.named_weights(), config.weight_decay)
        self._compiled = tf.function(self._step)

    def __call__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        weights: np.ndarray,
        said: np.ndarray | None = None,
        *,
        rate: float,
        number: int,
    ) -> np.ndarray:
        """Trains on one batch and returns its logits, float32 `(batch, classes)`, as they were before the update.

        Args:
            images: uint8 `(batch, height, width, channels)`.
            labels: int32 `(batch,)`.
            weights: float32 `(batch,)`: 0 for a picture that only fills the batch up.
            said: a teacher's probabilities, float32 `(batch, classes)`, wanted where the settings give it a share.
            rate: the learning rate.
            number: counts the steps of this training from 1.

        Raises:
            ValueError: the pictures do not have the shape that the model reads (TensorFlow's own words).
        """
        seed = tf.constant([self.config.seed, number], tf.int32)
        logits = self._compiled(
            tf.constant(images), tf.constant(labels), tf.constant(weights), None if said is None else tf.constant(said),
            tf.constant(rate, tf.float32), tf.constant(number, tf.float32), seed,
        )  # fmt: skip
        return logits.numpy()

    def variables(self) -> dict[str, tf.Variable]:
        """Every variable that a step changes: the weights, and what the optimizer remembers."""
        kinds = {"weight": self.optimizer.weights, "first": self.optimizer.first, "second": self.optimizer.second}
        return {f"{kind}/{name}": variable for kind, named in kinds.items() for name, variable in named.items()}

    def _step(self, images, labels, weights, said, rate, number, dropout_seed) -> tf.Tensor:
        trained = self.optimizer.weights
        with tf.GradientTape() as tape:
            logits = self._logits(images, dropout_seed)
            loss = tf.reduce_sum(weights * self._loss(labels, said, logits)) / tf.maximum(tf.reduce_sum(weights), 1)
        # Zero for what the loss does not depend on: the key's bias, see SelfAttention
        gradients = tape.gradient(loss, list(trained.values()), unconnected_gradients="zero")
        self.optimizer.apply(dict(zip(trained, gradients, strict=True)), rate, number)
        return logits

    def _logits(self, images: tf.Tensor, dropout_seed: tf.Tensor) -> tf.Tensor:
        """Of the whole batch; its parts have nothing in common but the weights, so that each can have a core."""
        model = self.model.config
        if model.dropout and model.dropout_connected:
            return self.model(images, dropout_seed)  # a part would draw other random numbers than the whole
        with folded_once(self.model):
            return tf.concat([self.model(part) for part in tf.split(images, parts(images.shape[0]))], axis=0)

    def _loss(self, labels: tf.Tensor, said: tf.Tensor | None, logits: tf.Tensor) -> tf.Tensor:
        """For each picture `(batch,)`; a teacher's share of it is the cross-entropy with what the teacher says."""
        share = self.config.teacher
        if not share:
            return self._cross_entropy(labels, logits)
        taught = tf.nn.softmax_cross_entropy_with_logits(said, logits)
        return taught if share == 1 else share * taught + (1 - share) * self._cross_entropy(labels, logits)

    def _cross_entropy(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        smoothing = self.config.label_smoothing
        if not smoothing:
            return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        target = tf.one_hot(labels, logits.shape[-1]) * (1 - smoothing) + smoothing / logits.shape[-1]
        return tf.nn.softmax_cross_entropy_with_logits(target, logits)
