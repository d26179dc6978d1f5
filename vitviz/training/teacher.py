"""A small convolutional network that teaches the models of the zoo (distillation, arXiv 1503.02531).

A transformer without convolutions has to find out from the pictures alone that neighbouring pixels belong together,
and a short schedule leaves it little time for that. Soft answers of a network that knows it from the start say more
about a picture than its label does. The teacher reads the training pictures only, never those held out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from keras import layers

from vitviz.config import TrainConfig
from vitviz.training.batches import epoch_batches

WIDTHS = (32, 64, 128)  # filters of the three stages, two convolutions each
SETTINGS = TrainConfig(epochs=10, batch_size=128, learning_rate=3e-3, weight_decay=0.02, shift=1, flip=True)
WARMUP_STEPS = 400
TEMPERATURE = 2.0  # how much softer than the teacher's own probabilities its answers are
SHIPPED = "60b98137"  # of the recipe above: that of the models that ship, whose answers bear no digest in their name


def file_name(dataset: str, pictures: int) -> str:
    """What the file of a teacher's answers about so many pictures is called: another recipe has another name."""
    names = ("epochs", "batch_size", "learning_rate", "weight_decay", "shift", "flip", "erase", "seed")
    recipe = [*((name, getattr(SETTINGS, name)) for name in names), WIDTHS, WARMUP_STEPS, TEMPERATURE]
    digest = hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:8]
    return f"teacher-{dataset}-{pictures}{'' if digest == SHIPPED else '-' + digest}.npy"


def answers(
    images: np.ndarray, labels: np.ndarray, classes: int, kept_at: Path, on_epoch: Callable = lambda *_: None
) -> np.ndarray:
    """What a teacher of these pictures says of each, and of its mirror image.

    Args:
        images: uint8 `(pictures, height, width, channels)`; labels `(pictures,)`.
        kept_at: a file; if it is there its answers are taken, else a teacher is trained and its answers kept there.
            The state of its training after each epoch stands beside it until then: one that was stopped goes on.
        on_epoch: called with the epochs done and the accuracy on the training pictures, shifted and mirrored.

    Returns:
        float16 probabilities `(2, pictures, classes)`: softmax of the logits ÷ `TEMPERATURE`.

    Raises:
        ValueError: the file holds answers about another number of pictures or classes.
    """
    if not kept_at.exists():
        kept_at.parent.mkdir(parents=True, exist_ok=True)
        state = kept_at.with_name(f"{kept_at.stem}.state.npz")
        teacher = train(images, labels, classes, on_epoch, state)
        logits = np.stack([_logits(teacher, images), _logits(teacher, images[:, :, ::-1])]) / TEMPERATURE
        beside = kept_at.with_name(f"{kept_at.stem}.part.npy")
        np.save(beside, keras.ops.convert_to_numpy(keras.ops.softmax(logits)).astype(np.float16))
        beside.replace(kept_at)
        state.unlink(missing_ok=True)
    said = np.load(kept_at, allow_pickle=False)
    if said.shape != (2, len(images), classes):
        raise ValueError(
            f"{kept_at} holds answers of shape {said.shape}, and {(2, len(images), classes)} is needed: "
            "delete it, and a teacher is trained anew."
        )
    return said


def say(epochs: int, accuracy: float) -> None:
    """For `answers`: prints a line for each epoch."""
    print(f"    the teacher, epoch {epochs} of {SETTINGS.epochs}: {accuracy:.4f} on its training pictures", flush=True)


def train(images: np.ndarray, labels: np.ndarray, classes: int, on_epoch: Callable, state: Path) -> keras.Model:
    """A teacher, trained on the pictures: reads uint8 values as floats `(N, H, W, C)`, gives logits `(N, classes)`.

    Goes on from the file `state` if that is there, and writes it after each epoch.
    """
    keras.utils.set_random_seed(SETTINGS.seed)
    teacher = network(images.shape[1:], classes)
    steps = SETTINGS.epochs * (len(images) // SETTINGS.batch_size)
    warmup = min(WARMUP_STEPS, steps // 4)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(steps - warmup, 1), warmup_target=SETTINGS.learning_rate, warmup_steps=warmup
    )
    teacher.compile(
        keras.optimizers.AdamW(rate, weight_decay=SETTINGS.weight_decay),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    for epoch in range(_load_state(teacher, state), SETTINGS.epochs):
        batches = list(epoch_batches(images, labels, SETTINGS, epoch))
        shown, its_labels, weights = (np.concatenate(parts) for parts in zip(*[b[:3] for b in batches], strict=True))
        real = weights > 0
        seen = teacher.fit(
            shown[real].astype(np.float32), its_labels[real],
            batch_size=SETTINGS.batch_size, shuffle=False, verbose=0,
        )  # fmt: skip
        _save_state(teacher, state, epoch + 1)
        on_epoch(epoch + 1, seen.history["accuracy"][0])
    return teacher


def _variables(teacher: keras.Model) -> list[keras.Variable]:
    """Weights, running means, the state of the dropout's random numbers, and what the optimizer remembers."""
    teacher.optimizer.build(teacher.trainable_variables)
    return [*(one for layer in teacher.layers for one in layer.variables), *teacher.optimizer.variables]


def _save_state(teacher: keras.Model, state: Path, epochs: int) -> None:
    beside = state.with_name(f"{state.stem}.part.npz")
    np.savez(beside, epochs, *(keras.ops.convert_to_numpy(one) for one in _variables(teacher)))
    beside.replace(state)


def _load_state(teacher: keras.Model, state: Path) -> int:
    """Puts the teacher where it was; returns the epochs that it has had, 0 where there is nothing that fits."""
    if not state.exists():
        return 0
    with np.load(state, allow_pickle=False) as archive:
        epochs, *arrays = (archive[f"arr_{number}"] for number in range(len(archive.files)))
    variables = _variables(teacher)
    if [array.shape for array in arrays] != [tuple(one.shape) for one in variables]:
        return 0
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    return int(epochs)


def network(shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Three stages of two 3×3 convolutions, halving the side between them, then the mean over positions."""
    x = pixels = keras.Input(shape)
    x = layers.Rescaling(1 / 127.5, offset=-1)(x)
    for stage, width in enumerate(WIDTHS):
        if stage:
            x = layers.MaxPool2D()(x)
        for _ in range(2):
            x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
            x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(pixels, layers.Dense(classes)(x))


def _logits(teacher: keras.Model, images: np.ndarray) -> np.ndarray:
    return teacher.predict(images.astype(np.float32), batch_size=500, verbose=0)
