"""From a run to its model: built by our own code from the run's settings, filled with the run's arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from vitviz.models import Seen, VisionTransformer, build
from vitviz.runs import RunRecord


def load_model(record: RunRecord) -> VisionTransformer:
    """The trained model of a run.

    Raises:
        RunError: the weights are missing, damaged, or not those of a model of these settings.
    """
    model = build(record.model, initial=None)
    variables = model.named_weights()
    weights = record.weights({name: tuple(variable.shape) for name, variable in variables.items()})
    for name, variable in variables.items():
        variable.assign(weights[name])
    return model


def compile_observe(model: VisionTransformer) -> Callable[[np.ndarray], tuple[tf.Tensor, Seen]]:
    """`model.observe` for one picture `(1, H, W, C)` uint8 as one graph: 5 ms instead of 40, after 0.2 s to make it.

    TensorFlow's graph optimizer must be off (`keep_graphs_exact`): it fuses operations, which changes the last bits.
    Without it the graph runs the same kernels in the same order, and every array equals the plain one exactly.
    """
    config = model.config

    @tf.function(autograph=False, jit_compile=False)
    def graph(images: tf.Tensor) -> tuple:
        logits, seen = model.observe(images)
        return logits, vars(seen)

    shape = (1, config.image_size, config.image_size, config.channels)
    compiled = graph.get_concrete_function(tf.TensorSpec(shape, tf.uint8))
    compiled(tf.zeros(shape, tf.uint8))  # the first call sets the graph up

    def observe(images: np.ndarray) -> tuple[tf.Tensor, Seen]:
        logits, seen = compiled(tf.constant(images))
        return logits, Seen(**seen)

    return observe


def keep_graphs_exact() -> None:
    """Switches off TensorFlow's graph optimizer, for the whole process: for one that shows and does not train."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
