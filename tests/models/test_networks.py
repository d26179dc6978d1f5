"""The two networks as a whole: what they compute, what they hold, and how they start."""

from __future__ import annotations

import dataclasses
import itertools
import math

import keras
import numpy as np
import numpy_reference as reference
import pytest
import tensorflow as tf

from vitviz.analysis.operations import layers, total_params
from vitviz.config import ARTICLE, TUNED
from vitviz.models import build

# Every branch of the design at least once: grey and RGB, crop and pad, three norms, both selectors, every place of a
# TokenLearner, one map, a fuser, narrow and wide heads, with and without each optional layer
SHAPES = [
    {},
    {"channels": 3, "patch_size": 3, "edge": "pad", "pixels": "0..1", "patch_norm": True, "norm": "post"},
    {"norm": "post-shared", "patch_size": 3, "pixels": "0..255", "patch_norm": True, "head_units": 9, "key_dim": 16},
    {"n_maps": 3, "activation": "relu"},
    {"n_maps": 1, "insert_after": 0, "selector_norm": False, "channels": 3},
    {"n_maps": 5, "insert_after": 2, "token_learner": "v1.1", "key_dim": 20},
    {"n_maps": 2, "insert_after": 1, "token_learner": "v1.1", "selector_norm": False, "norm": "post", "heads": 1},
    {"n_maps": 3, "insert_after": 1, "fuse_after": 2, "blocks": 3, "channels": 3, "patch_size": 8 // 3, "edge": "pad"},
    {"n_maps": 3, "insert_after": 0, "fuse_after": 1, "token_learner": "v1.1", "head_units": 5, "norm": "post-shared"},
    {"n_maps": 3, "insert_after": 1, "fuse_after": 2, "norm": "post"},
    {"patch_size": 8},
    {"patch_size": 1, "blocks": 1},
]


ATTENTION = ("query", "key", "value", "output")


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def model(request, tiny_model, scrambled):
    return scrambled(build(tiny_model(**request.param)), scale=0.2)


def test_the_logits_of_a_network_equal_those_in_numpy(model, tiny_pictures):
    config = model.config
    images, _ = tiny_pictures(2, config)
    logits = model(images).numpy()
    assert logits.shape == (2, config.classes) and logits.dtype == np.float32
    weights = {name: variable.numpy() for name, variable in model.named_weights().items()}
    expected = [reference.forward(config, weights, image)["logits"] for image in images]
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-3)


def test_a_network_has_as_many_weights_as_were_counted(model):
    config = model.config
    weights = model.named_weights()
    assert sum(math.prod(weight.shape) for weight in weights.values()) == total_params(config)
    assert len(weights) == len(model.weights) == len({weight.ref() for weight in weights.values()})
    shared = config.norm == "post-shared"
    counted = {row.name: row.params for row in layers(config)}
    for number in range(1, config.blocks + 1):
        inside = [math.prod(weight.shape) for name, weight in weights.items() if name.startswith(f"block_{number}/")]
        assert sum(inside) == counted[f"block_{number}"]
        assert (f"block_{number}/feed_forward_norm/gamma" in weights) != shared


@pytest.mark.parametrize("preset", [ARTICLE, TUNED], ids=lambda preset: preset.name)
def test_the_counts_hold_for_other_settings_of_the_presets(preset):
    vit = dataclasses.replace(preset.model, channels=3, patch_size=9, edge="pad", blocks=2)
    fast = dataclasses.replace(vit.fast(3), token_learner="v1.1", insert_after=1, fuse_after=2)
    for config in (vit, fast):
        assert build(config, initial=None).count_params() == total_params(config)


def test_the_tutorials_networks_have_exactly_its_parameters():
    assert build(ARTICLE.model, initial=None).count_params() == 922_420
    fast = build(ARTICLE.model.fast(4), initial=None)
    assert fast.count_params() == 927_604
    by_layer = {}
    for name, weight in fast.named_weights().items():
        layer = name.split("/")[0]
        by_layer[layer] = by_layer.get(layer, 0) + math.prod(weight.shape)
    blocks = {f"block_{number}": 223_972 for number in (1, 2, 3, 4)}
    assert by_layer == {"embedding": 6_578, "token_learner": 5_184, "hidden": 19_350, "classify": 604} | blocks


@pytest.mark.parametrize("initial", ["glorot", "mimetic"])
def test_a_vit_and_a_fast_vit_start_from_the_same_values_in_all_layers_in_common(tiny_model, initial):
    both = tiny_model(), tiny_model(n_maps=3)
    vit, fast = (build(config, seed=5, initial=initial).named_weights() for config in both)
    assert set(vit) < set(fast)
    assert all(name.startswith("token_learner/") for name in set(fast) - set(vit))
    for name, weight in vit.items():
        np.testing.assert_array_equal(weight, fast[name], err_msg=name)


@pytest.mark.parametrize("initial", ["glorot", "mimetic"])
def test_initial_values_depend_on_the_seed_and_on_nothing_else(tiny_model, initial):
    config = tiny_model(n_maps=3, fuse_after=2)
    tf.random.set_seed(1)
    first = build(config, seed=1, initial=initial).named_weights()
    np.random.seed(77)
    tf.random.set_seed(77)
    again, other = (build(config, seed=seed, initial=initial).named_weights() for seed in (1, 2))
    for name in first:
        np.testing.assert_array_equal(first[name], again[name], err_msg=name)
        drawn = "kernel" in name or (name.endswith("positions") and initial == "glorot")  # mimetic ones are waves
        assert np.array_equal(first[name], other[name]) != drawn, name


def test_no_two_weights_of_one_shape_start_alike(tiny_model):
    weights = build(tiny_model(n_maps=3, fuse_after=2), seed=0).named_weights()
    drawn = {name: weight.numpy() for name, weight in weights.items() if "kernel" in name}
    for (one, a), (other, b) in itertools.combinations(drawn.items(), 2):
        assert a.shape != b.shape or not np.array_equal(a, b), (one, other)


def test_initial_values_are_spread_as_keras_spreads_them():
    """Attention is left out: Keras changed how it counts the inputs of its three-axis kernels."""
    config = dataclasses.replace(ARTICLE.model, blocks=1, insert_after=1).fast(4)
    weights = {name: weight.numpy() for name, weight in build(config, seed=0).named_weights().items()}
    dense, convolution = keras.layers.Dense(100), keras.layers.Conv2D(4, 3, padding="same", use_bias=False)
    dense(np.zeros((1, 25, 128), np.float32))
    convolution(np.zeros((1, 5, 5, 128), np.float32))
    theirs = {
        "block_1/expand/kernel": dense.get_weights()[0],
        "token_learner/kernel_1": convolution.get_weights()[0],
        "embedding/positions": np.random.default_rng(0).uniform(-0.05, 0.05, (25, 128)),
    }
    for name, other in theirs.items():
        assert weights[name].shape == other.shape
        assert np.abs(weights[name]).max() == pytest.approx(np.abs(other).max(), rel=0.02), name
        assert weights[name].std() == pytest.approx(other.std(), rel=0.05), name
    for name, weight in weights.items():
        if name.endswith("gamma"):
            assert (weight == 1).all(), name
        elif name.endswith(("beta", "bias")):
            assert (weight == 0).all(), name


WIDE = {"one narrow": (1, 5), "as wide as the tokens": (4, 4), "wider together": (4, 8), "each wider": (2, 20)}


@pytest.mark.parametrize("initial", ["glorot", "mimetic"])
@pytest.mark.parametrize(("heads", "key_dim"), WIDE.values(), ids=WIDE)
def test_no_head_starts_dead(tiny_model, tiny_pictures, initial, heads, key_dim):
    """A part of a product that is zero on both sides has no gradient on either, and would stay zero for ever."""
    config = tiny_model(heads=heads, key_dim=key_dim, blocks=1)
    model = build(config, initial=initial)
    kernels = [model.named_weights()[f"block_1/attention/{part}_kernel"] for part in ATTENTION]
    images, labels = tiny_pictures(8, config)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images)))
    for part, gradient in zip(ATTENTION, tape.gradient(loss, kernels), strict=True):
        size = np.abs(gradient).max(axis=2 if part == "output" else 0)  # (heads, key_dim)
        assert (size > 0).all(), f"{part}: {np.argwhere(size == 0).tolist()}"


def test_a_connected_dropout_acts_in_training_only_and_a_disconnected_one_never(tiny_model, tiny_pictures):
    connected, cut = (tiny_model(dropout=0.5, dropout_connected=truth, head_units=9) for truth in (True, False))
    images, _ = tiny_pictures(6, connected)
    seed, other = tf.constant([0, 1]), tf.constant([0, 2])
    model = build(connected)
    plain = model(images).numpy()
    np.testing.assert_array_equal(plain, model(images))
    assert not np.allclose(plain, model(images, seed))
    assert not np.allclose(model(images, seed), model(images, other))
    np.testing.assert_array_equal(model(images, seed), model(images, seed))
    model = build(cut)
    np.testing.assert_array_equal(model(images), plain)
    np.testing.assert_array_equal(model(images, seed), plain)


def test_dropout_keeps_the_mean_of_what_the_output_layer_reads(tiny_model, tiny_pictures):
    config = tiny_model(dropout=0.25)
    model = build(config)
    image = tiny_pictures(1, config)[0]
    many = model(np.repeat(image, 2000, axis=0), tf.constant([3, 1])).numpy()  # each row drops other values
    assert many.std(axis=0).min() > 0.05
    np.testing.assert_allclose(many.mean(axis=0), model(image)[0], atol=0.05)


def test_uint8_and_float_pictures_give_the_same_answer(tiny_model, tiny_pictures):
    model = build(tiny_model(channels=3))
    images, _ = tiny_pictures(3, model.config)
    np.testing.assert_array_equal(model(images), model(images.astype(np.float32)))


def test_a_picture_has_the_same_answer_alone_and_in_company(model, tiny_pictures):
    images, _ = tiny_pictures(3, model.config)
    alone = np.concatenate([model(images[k : k + 1]) for k in range(3)])
    np.testing.assert_allclose(model(images), alone, rtol=1e-4, atol=1e-4)


def test_what_was_seen_has_the_documented_shapes(model, tiny_pictures):
    config = model.config
    images, _ = tiny_pictures(2, config)
    logits, seen = model.observe(images)
    lengths = (config.tokens, *config.block_tokens)
    assert logits.shape == (2, config.classes)
    assert seen.patches.shape == (2, config.tokens, config.patch_values)
    assert [array.shape for array in seen.tokens] == [(2, length, config.width) for length in lengths]
    assert [array.shape for array in seen.attention] == [(2, config.heads, n, n) for n in config.block_tokens]
    learners = 0 if config.n_maps is None else 1 if config.fuse_after is None else 2
    assert [array.shape for array in seen.weight_maps] == [(2, config.tokens, config.n_maps)] * learners
    assert [array.shape for array in seen.learned_tokens] == [(2, config.n_maps, config.width)] * learners


