"""The fast formulation computes what the plain one does: the tutorial's layers, built from Keras, with our weights."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import numpy_reference as reference
import pytest
import tensorflow as tf
from keras import layers, ops

from vitviz.config import ARTICLE
from vitviz.models import build
from vitviz.training.adam import decays
from vitviz.training.batches import epoch_batches
from vitviz.training.schedule import learning_rate
from vitviz.training.trainer import Trainer


class Positions(layers.Layer):
    """Adds the embedding of its position to every token."""

    def __init__(self, tokens: int, width: int) -> None:
        super().__init__()
        self.embedding = layers.Embedding(tokens, width)
        self.numbers = np.arange(tokens)

    def call(self, tokens):
        return tokens + self.embedding(self.numbers)


def plain_network(config):
    """The network of `config` (v1, no fuser) as a functional Keras model of patches, and its weights by our names."""
    found = {}

    def use(name, layer, kinds, *inputs):
        output = layer(*inputs)
        found.update({f"{name}/{kind}": weight for kind, weight in zip(kinds, layer.weights, strict=True)})
        return output

    def norm(name, layer=None):
        layer = layer or layers.LayerNormalization()
        return lambda tokens: use(name, layer, ("gamma", "beta"), tokens)

    def dense(name, units, activation=None):
        layer = layers.Dense(units, activation)
        return lambda tokens: use(name, layer, ("kernel", "bias"), tokens)

    def attention(name, tokens):
        kinds = [f"{part}_{kind}" for part in ("query", "key", "value", "output") for kind in ("kernel", "bias")]
        return use(name, layers.MultiHeadAttention(config.heads, config.key_dim), kinds, tokens, tokens)

    def block(name, tokens):
        first = norm(f"{name}/attention_norm", shared := layers.LayerNormalization())
        second = norm(f"{name}/attention_norm", shared)
        if config.norm != "post-shared":
            second = norm(f"{name}/feed_forward_norm")
        expand = dense(f"{name}/expand", config.feed_forward, config.activation)
        contract = dense(f"{name}/contract", config.width)
        if config.norm == "pre":
            tokens = tokens + attention(f"{name}/attention", first(tokens))
            return tokens + contract(expand(second(tokens)))
        tokens = first(tokens + attention(f"{name}/attention", tokens))
        return second(tokens + contract(expand(tokens)))

    def token_learner(tokens):
        maps = norm("token_learner/norm")(tokens) if config.selector_norm else tokens
        maps = layers.Reshape((config.grid, config.grid, config.width))(maps)
        for number in (1, 2, 3, 4, 5):
            activation = "sigmoid" if number == 5 else "gelu"
            convolution = layers.Conv2D(config.n_maps, 3, padding="same", use_bias=False, activation=activation)
            maps = convolution(maps)
            found[f"token_learner/kernel_{number}"] = convolution.kernel
        maps = layers.Reshape((config.tokens, config.n_maps))(maps)
        return ops.mean(ops.expand_dims(tokens, 2) * ops.expand_dims(maps, 3), axis=1)

    patches = keras.Input((config.tokens, config.patch_values))
    tokens = norm("embedding/norm")(patches) if config.patch_norm else patches
    positions = Positions(config.tokens, config.width)
    tokens = positions(dense("embedding/project", config.width)(tokens))
    found["embedding/positions"] = positions.embedding.weights[0]
    for number in range(config.blocks + 1):
        if number == config.insert_after and config.n_maps:
            tokens = token_learner(tokens)
        if number < config.blocks:
            tokens = block(f"block_{number + 1}", tokens)
    if config.norm == "pre":
        tokens = norm("final_norm")(tokens)
    features = layers.GlobalAveragePooling1D()(tokens)
    if config.head_units:
        features = dense("hidden", config.head_units, "relu")(features)
    return keras.Model(patches, dense("classify", config.classes)(features)), found


def patches_of(config, images):
    scaled = {"0..255": images * 1.0, "-1..1": images / 127.5 - 1}[config.pixels]
    return np.stack([reference.cut_patches(image, config.patch_size, config.edge) for image in scaled])


def with_our_weights(config, weights):
    plain, found = plain_network(config)
    assert found.keys() == weights.keys()
    for name, variable in found.items():
        variable.assign(weights[name])
    return plain, found


@pytest.fixture
def article():
    """The tutorial's network with smaller numbers; its heads are as wide as its tokens."""
    small = {"image_size": 11, "patch_size": 2, "width": 16, "key_dim": 16, "feed_forward": 10, "head_units": 9}
    return dataclasses.replace(ARTICLE.model, blocks=2, insert_after=1, **small)


@pytest.fixture
def tuned(tiny_model):
    """Pre-norm with narrow heads."""
    return tiny_model(key_dim=4)


@pytest.mark.parametrize("n_maps", [None, 3], ids=["vit", "fast"])
@pytest.mark.parametrize("preset", ["article", "tuned"])
def test_logits_and_gradients_equal_those_of_the_plain_network(request, tiny_pictures, scrambled, preset, n_maps):
    config = dataclasses.replace(request.getfixturevalue(preset), n_maps=n_maps)
    model = scrambled(build(config), scale=0.2)
    variables = model.named_weights()
    plain, found = with_our_weights(config, variables)
    images, labels = tiny_pictures(6, config)
    with tf.GradientTape() as tape:
        ours = model(images)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, ours))
    gradients = tape.gradient(loss, variables, unconnected_gradients="zero")
    with tf.GradientTape() as tape:
        theirs = plain(patches_of(config, images))
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, theirs))
    expected = tape.gradient(loss, {name: variable.value for name, variable in found.items()})
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    for name, gradient in gradients.items():
        other = tf.convert_to_tensor(expected[name]).numpy()  # of an Embedding it comes as slices
        np.testing.assert_allclose(gradient, other, rtol=1e-3, atol=1e-3 * np.abs(other).max() + 1e-6, err_msg=name)


@pytest.mark.parametrize(("preset", "n_maps"), [("article", 3), ("tuned", None)])
def test_training_moves_the_weights_as_keras_does(request, tiny_training, tiny_pictures, preset, n_maps):
    config = dataclasses.replace(request.getfixturevalue(preset), n_maps=n_maps)
    training = {"epochs": 1, "seed": 4}
    if preset == "tuned":
        training |= {"label_smoothing": 0.1, "weight_decay": 0.5, "schedule": "cosine", "warmup_epochs": 0.5}
    training = tiny_training(**training)
    pictures = tiny_pictures(20, config)  # batches of 8, 8 and 4
    trainer = Trainer(config, training, pictures, tiny_pictures(4, config))
    plain, found = with_our_weights(config, trainer.weights())
    optimizer = keras.optimizers.AdamW(weight_decay=training.weight_decay)
    kept = [variable for name, variable in found.items() if not decays(name)]
    optimizer.exclude_from_weight_decay(var_list=kept)
    optimizer.build(list(found.values()))
    cross_entropy = keras.losses.CategoricalCrossentropy(label_smoothing=training.label_smoothing)
    step = 0
    for epoch in range(training.epochs):
        for images, labels, weights, _ in epoch_batches(*pictures, training, epoch):
            real = weights > 0
            optimizer.learning_rate = learning_rate(training, step, 3)
            with tf.GradientTape() as tape:
                probabilities = ops.softmax(plain(patches_of(config, images[real])))  # as in the tutorial
                loss = cross_entropy(np.eye(config.classes)[labels[real]], probabilities)
            optimizer.apply(tape.gradient(loss, [variable.value for variable in found.values()]))
            step += 1
    before = trainer.weights()
    trainer.compile()
    while not trainer.done:
        trainer.advance(0)
    for name, ours in trainer.weights().items():
        theirs = found[name].numpy()
        moved = np.abs(ours - before[name]).max()
        assert moved > 5e-4 or name.endswith("key_bias"), name
        # Adam takes the sign of a gradient near zero, which is noise: a few weights may part by a step
        difference = np.abs(ours - theirs)
        assert np.median(difference) < 2e-5 and np.mean(difference > 2e-4) < 0.02, (name, difference.max())
