"""A trace holds what one forward pass revealed: the same answer, documented shapes, the numbers of the formulas."""

from __future__ import annotations

import numpy as np
import numpy_reference as reference
import pytest

from vitviz.models import build
from vitviz.trace import trace

KINDS = {
    "vit": {},
    "wide heads": {"key_dim": 16, "norm": "post-shared", "pixels": "0..255", "patch_norm": True, "patch_size": 3},
    "fast": {"n_maps": 3},
    "v1.1": {"n_maps": 5, "token_learner": "v1.1", "insert_after": 0},
    "fuser": {"n_maps": 3, "fuse_after": 2, "blocks": 3},
    "rgb": {"n_maps": 2, "channels": 3, "patch_size": 3, "edge": "pad", "pixels": "0..1", "insert_after": 2},
}


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS.keys())
def model(request, tiny_model, scrambled):
    return scrambled(build(tiny_model(**request.param)), scale=0.2)


@pytest.fixture
def image(model, tiny_pictures):
    return tiny_pictures(1, model.config)[0][0]


def test_the_traced_logits_are_exactly_the_models(model, image):
    np.testing.assert_array_equal(trace(model, image).logits, model(image[None])[0])


def test_every_array_has_its_documented_shape(model, image):
    config, seen = model.config, trace(model, image)
    assert seen.config == config
    lengths = (config.tokens, *config.block_tokens)
    assert seen.image.shape == (config.image_size, config.image_size, config.channels)
    assert seen.patches.shape == (config.tokens, config.patch_values)
    assert seen.position_embedding.shape == (config.tokens, config.width)
    assert [array.shape for array in seen.tokens] == [(length, config.width) for length in lengths]
    assert [array.shape for array in seen.attention] == [(config.heads, n, n) for n in config.block_tokens]
    assert seen.logits.shape == seen.probabilities.shape == (config.classes,)
    maps, learned = (config.tokens, config.n_maps), (config.n_maps, config.width)
    assert getattr(seen.weight_maps, "shape", None) == (maps if config.n_maps else None)
    assert getattr(seen.learned_tokens, "shape", None) == (learned if config.n_maps else None)
    assert getattr(seen.second_weight_maps, "shape", None) == (maps if config.fuse_after else None)
    assert getattr(seen.second_learned_tokens, "shape", None) == (learned if config.fuse_after else None)
    assert {array.dtype for array in seen.arrays().values()} == {np.dtype(np.float32)}


def test_every_array_equals_the_forward_pass_in_numpy(model, image):
    weights = {name: variable.numpy() for name, variable in model.named_weights().items()}
    expected = reference.forward(model.config, weights, image)
    arrays = trace(model, image).arrays()
    assert arrays.keys() == expected.keys()
    for name, array in arrays.items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-3, atol=1e-3, err_msg=name)


def test_rows_of_attention_maps_and_probabilities_sum_to_one_where_they_should(model, image):
    seen = trace(model, image)
    for attention in seen.attention:
        np.testing.assert_allclose(attention.sum(axis=-1), 1, atol=1e-5)
    assert seen.probabilities.sum() == pytest.approx(1, abs=1e-5)
    if seen.weight_maps is not None and model.config.token_learner == "v1.1":
        np.testing.assert_allclose(seen.weight_maps.sum(axis=0), 1, atol=1e-5)
    elif seen.weight_maps is not None:
        assert (seen.weight_maps >= 0).all() and (seen.weight_maps <= 1).all()


def test_patches_keep_the_values_of_the_picture(model, image):
    seen, config = trace(model, image), model.config
    assert seen.image.max() > 100
    np.testing.assert_array_equal(seen.patches, reference.cut_patches(image, config.patch_size, config.edge))


def test_the_same_picture_as_float_gives_the_same_trace(model, image):
    whole, real = trace(model, image).arrays(), trace(model, image.astype(np.float32)).arrays()
    for name in whole:
        np.testing.assert_array_equal(whole[name], real[name], err_msg=name)


@pytest.mark.parametrize("shape", [(8, 8), (7, 8, 1), (8, 8, 2), (1, 8, 8, 1)])
def test_a_picture_of_another_shape_is_refused_with_both_shapes(tiny_model, shape):
    model = build(tiny_model())
    with pytest.raises(ValueError) as error:
        trace(model, np.zeros(shape, np.uint8))
    assert "(8, 8, 1)" in str(error.value) and str(shape) in str(error.value)
