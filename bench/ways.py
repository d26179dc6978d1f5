"""The ways to train one step: ours, the plain way and PyTorch's, each as a function without arguments.

Each runs in a process of its own, as `bench.turns` starts them, with the threads that its users would have.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from time import perf_counter

import numpy as np

from vitviz.config import PRESETS, ModelConfig

PEAK_SIDE = 2048
Step = Callable[[], object]


def pictures(config: ModelConfig, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise, uint8 `(batch, side, side, channels)`, and labels `(batch,)`."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (batch, config.image_size, config.image_size, config.channels), dtype=np.uint8)
    return images, random.integers(0, config.classes, batch).astype(np.int32)


def patches_of(config: ModelConfig, images: np.ndarray) -> np.ndarray:
    """What the plain way and PyTorch read: float32 `(batch, tokens, patch_values)`, cut beforehand."""
    import tensorflow as tf

    from vitviz.models.tokenizer import cut_patches, scale_pixels

    return cut_patches(scale_pixels(tf.constant(images), config.pixels), config.patch_size, config.edge).numpy()


def ours(config: ModelConfig, batch: int, preset: str) -> Step:
    """Reads uint8 pictures and returns logits, as a training does. With Adam, as the other ways."""
    from vitviz.training.parts import one_core_per_operation

    one_core_per_operation(batch)
    from vitviz.models import build
    from vitviz.training.step import TrainStep

    images, labels = pictures(config, batch)
    alike = {"batch_size": batch, "label_smoothing": 0.0, "weight_decay": 0.0, "optimizer": "adam"}
    train = dataclasses.replace(PRESETS[preset].train, **alike)
    step, weights = TrainStep(build(config), train), np.ones(batch, np.float32)
    return lambda: step(images, labels, weights, rate=1e-3, number=1)


def plain(config: ModelConfig, batch: int, preset: str) -> Step:
    """Keras' `train_on_batch`, with the tutorial's metrics."""
    from bench.plain import build_plain

    images, labels = pictures(config, batch)
    patches, one_hot = patches_of(config, images), np.eye(config.classes, dtype=np.float32)[labels]
    model = build_plain(config)
    return lambda: model.train_on_batch(patches, one_hot)


def torch(config: ModelConfig, batch: int, preset: str) -> Step:
    """PyTorch, eager, with its fused attention and its fused Adam; raises ImportError where it is not installed."""
    from bench.torch_vit import torch_step

    images, labels = pictures(config, batch)
    return torch_step(config, patches_of(config, images), labels)


def peak(config: ModelConfig, batch: int, preset: str) -> Step:
    """A 2048³ float32 matrix product on all cores."""
    import tensorflow as tf

    a = tf.random.stateless_uniform((PEAK_SIDE, PEAK_SIDE), (0, 0))
    product = tf.function(lambda: tf.reduce_sum(tf.matmul(a, a)))
    return lambda: product().numpy()


WAYS = {"ours": ours, "plain": plain, "torch": torch, "peak": peak}


def durations(step: Step, count: int, warm: bool) -> list[float]:
    """Seconds of so many steps; `warm` takes one before that is not counted, for caches cold from others' turns."""
    if warm:
        step()
    seconds = []
    for _ in range(count):
        start = perf_counter()
        step()
        seconds.append(perf_counter() - start)
    return seconds
