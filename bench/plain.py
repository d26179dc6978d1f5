"""The plain way: the same networks from Keras' own layers, as the tutorial describes them, trained by Keras.

`MultiHeadAttention`, a TokenLearner that broadcasts and averages, a softmax at the end and categorical cross-entropy,
Keras' Adam. It is what our own formulation is compared with, in speed (`bench.train_step`) and in value (the tests).
`python -m bench.plain` trains the tutorial's pair with it from beginning to end, for `bench.end_to_end`.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from vitviz.config import ARTICLE, ModelConfig
from vitviz.data import Split, hold_out, load
from vitviz.models.tokenizer import cut_patches, scale_pixels


class Positions(layers.Layer):
    """Adds a learned embedding of the position."""

    def build(self, shape) -> None:
        self.embedding = layers.Embedding(shape[1], shape[2], name="embedding")
        self.embedding.build(None)

    def call(self, tokens):
        return tokens + self.embedding(tf.range(tokens.shape[1]))


class Encoder(layers.Layer):
    """Post-norm with one LayerNorm for both places, or pre-norm with two."""

    def __init__(self, config: ModelConfig, **kwargs) -> None:
        super().__init__(**kwargs)
        self.pre = config.norm == "pre"
        self.attention = layers.MultiHeadAttention(config.heads, config.key_dim)
        self.expand = layers.Dense(config.feed_forward, activation=config.activation)
        self.contract = layers.Dense(config.width)
        self.norm = layers.LayerNormalization()
        self.second_norm = self.norm if config.norm == "post-shared" else layers.LayerNormalization()

    def call(self, tokens):
        if self.pre:
            read = self.norm(tokens)
            tokens = tokens + self.attention(read, read)
            return tokens + self.contract(self.expand(self.second_norm(tokens)))
        tokens = self.norm(tokens + self.attention(tokens, tokens))
        return self.second_norm(tokens + self.contract(self.expand(tokens)))


class BroadcastTokenLearner(layers.Layer):
    """v1 with convolutions; every weighted copy of the tokens is held before their mean is taken."""

    def __init__(self, config: ModelConfig, **kwargs) -> None:
        super().__init__(**kwargs)
        self.config = config
        self.norm = layers.LayerNormalization() if config.selector_norm else None

    def build(self, shape) -> None:
        maps = self.config.n_maps
        self.convolutions = [
            layers.Conv2D(maps, 3, padding="same", use_bias=False, activation="sigmoid" if number == 4 else "gelu")
            for number in range(5)
        ]

    def call(self, tokens):
        config = self.config
        maps = tokens if self.norm is None else self.norm(tokens)
        maps = tf.reshape(maps, (-1, config.grid, config.grid, config.width))
        for convolution in self.convolutions:
            maps = convolution(maps)
        maps = tf.reshape(maps, (-1, config.tokens, config.n_maps, 1))
        return tf.reduce_mean(tokens[:, :, None] * maps, axis=1)  # (batch, tokens, n_maps, width) in between


def build_plain(config: ModelConfig) -> keras.Model:
    """Patches `(batch, tokens, patch_values)` → probabilities `(batch, classes)`, compiled as in the tutorial.

    Its weights come in another order than ours: `plain_weights` pairs them.
    """
    patches = keras.Input((config.tokens, config.patch_values))
    tokens = layers.LayerNormalization(name="patch_norm")(patches) if config.patch_norm else patches
    tokens = Positions(name="positions")(layers.Dense(config.width, name="project")(tokens))
    for number in range(config.blocks):
        if config.n_maps and number == config.insert_after:
            tokens = BroadcastTokenLearner(config, name="token_learner")(tokens)
        tokens = Encoder(config, name=f"block_{number + 1}")(tokens)
    if config.norm == "pre":
        tokens = layers.LayerNormalization(name="final_norm")(tokens)
    pooled = layers.GlobalAveragePooling1D()(tokens)
    if config.head_units:
        pooled = layers.Dense(config.head_units, activation="relu", name="hidden")(pooled)
    model = keras.Model(patches, layers.Dense(config.classes, activation="softmax", name="classify")(pooled))
    top5 = keras.metrics.TopKCategoricalAccuracy(5)
    metrics = ["accuracy", keras.metrics.Precision(), keras.metrics.Recall(), top5]
    model.compile("adam", "categorical_crossentropy", metrics=metrics, jit_compile=False)
    return model


def plain_weights(model: keras.Model, config: ModelConfig) -> dict[str, keras.Variable]:
    """The plain model's weights under our names."""
    named: dict[str, keras.Variable] = {}

    def add(prefix: str, layer: layers.Layer, ours: tuple[str, ...]) -> None:
        named.update({f"{prefix}/{name}": weight for name, weight in zip(ours, layer.weights, strict=True)})

    dense, norm = ("kernel", "bias"), ("gamma", "beta")
    if config.patch_norm:
        add("embedding/norm", model.get_layer("patch_norm"), norm)
    add("embedding/project", model.get_layer("project"), dense)
    add("embedding", model.get_layer("positions"), ("positions",))
    for number in range(1, config.blocks + 1):
        block, name = model.get_layer(f"block_{number}"), f"block_{number}"
        attention = [f"{part}_{kind}" for part in ("query", "key", "value", "output") for kind in ("kernel", "bias")]
        add(f"{name}/attention", block.attention, tuple(attention))
        add(f"{name}/expand", block.expand, dense)
        add(f"{name}/contract", block.contract, dense)
        add(f"{name}/attention_norm", block.norm, norm)
        if config.norm != "post-shared":
            add(f"{name}/feed_forward_norm", block.second_norm, norm)
    if config.n_maps:
        learner = model.get_layer("token_learner")
        if learner.norm is not None:
            add("token_learner/norm", learner.norm, norm)
        for number, convolution in enumerate(learner.convolutions, 1):
            add("token_learner", convolution, (f"kernel_{number}",))
    for name, weights in (("final_norm", norm), ("hidden", dense), ("classify", dense)):
        if any(layer.name == name for layer in model.layers):
            add(name, model.get_layer(name), weights)
    return named


def main() -> None:
    """Trains the pair as the tutorial's script does: load, cut, fit one after the other, evaluate, save."""
    parser = argparse.ArgumentParser(description="the plain way, from the command to a trained pair")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--folder", type=Path, required=True, help="where the weights and the times go")
    options = parser.parse_args()
    vit, train = ARTICLE.model, ARTICLE.train
    dataset = load(train.dataset, classes=vit.classes, limit=options.limit)
    kept, held_out = hold_out(dataset.train, train.validation_fraction)
    splits = [_as_read(split, vit) for split in (kept, held_out, dataset.test)]
    rows = []
    for config in (vit, vit.fast(ARTICLE.n_maps)):
        model = build_plain(config)
        epochs = _Epochs()
        model.fit(
            *splits[0], batch_size=train.batch_size, epochs=options.epochs, validation_data=splits[1],
            verbose=2, callbacks=[epochs],
        )  # fmt: skip
        test = model.evaluate(*splits[2], verbose=0, return_dict=True)
        model.evaluate(*splits[0], verbose=0)
        model.save_weights(options.folder / f"{config.kind}.weights.h5")
        rows.append({"model": config.kind, "epochs": epochs.rows, "test_accuracy": test["accuracy"]})
    (options.folder / "plain.json").write_text(json.dumps(rows))


class _Epochs(keras.callbacks.Callback):
    """The validation accuracy of every epoch and the time of day when it was known."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, float]] = []

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.rows.append({"time": time.time(), "val_accuracy": float(logs["val_accuracy"])})


def _as_read(split: Split, config: ModelConfig) -> tuple[np.ndarray, np.ndarray]:
    patches = cut_patches(scale_pixels(tf.constant(split.images), config.pixels), config.patch_size, config.edge)
    return patches.numpy(), np.eye(config.classes, dtype=np.float32)[split.labels]


if __name__ == "__main__":
    main()
