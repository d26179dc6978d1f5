"""The fast formulation computes what the plain one does: the very network that the benches time, with our weights.

It is built from Keras' own layers (`bench.plain`) and reads patches that NumPy has cut.
"""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import numpy_reference as reference
import pytest
import tensorflow as tf

from bench.plain import build_plain, plain_weights
from vitviz.config import ARTICLE
from vitviz.models import build
from vitviz.training.adam import decays
from vitviz.training.batches import epoch_batches
from vitviz.training.schedule import learning_rate
from vitviz.training.trainer import Trainer


def patches_of(config, images):
    scaled = {"0..255": images * 1.0, "-1..1": images / 127.5 - 1}[config.pixels]
    return np.stack([reference.cut_patches(image, config.patch_size, config.edge) for image in scaled])


def with_our_weights(config, weights):
    """The plain network, and its weights by our names."""
    plain = build_plain(config)
    found = plain_weights(plain, config)
    assert len(found) == len(plain.trainable_variables)
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
def test_answers_and_gradients_equal_those_of_the_plain_network(request, tiny_pictures, scrambled, preset, n_maps):
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
        theirs = plain(patches_of(config, images))  # probabilities
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, theirs))
    expected = tape.gradient(loss, {name: variable.value for name, variable in found.items()})
    np.testing.assert_allclose(tf.nn.log_softmax(ours), np.log(theirs), rtol=1e-4, atol=1e-4)
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
                probabilities = plain(patches_of(config, images[real]))
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
