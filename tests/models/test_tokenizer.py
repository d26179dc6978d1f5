"""Cutting pictures into patches equals cutting them out one by one in NumPy."""

from __future__ import annotations

import numpy as np
import numpy_reference as reference
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from vitviz.config import ModelConfig
from vitviz.models.tokenizer import cut_patches, scale_pixels


@settings(max_examples=60, deadline=None)
@given(
    side=st.integers(1, 20), data=st.data(), edge=st.sampled_from(["crop", "pad"]), channels=st.sampled_from([1, 3])
)
def test_patches_are_the_picture_cut_out_row_by_row(side, data, edge, channels):
    patch_size = data.draw(st.integers(1, side))
    images = np.random.default_rng(side).integers(1, 256, (2, side, side, channels)).astype(np.float32)
    patches = cut_patches(tf.constant(images), patch_size, edge).numpy()
    expected = [reference.cut_patches(image, patch_size, edge) for image in images]
    np.testing.assert_array_equal(patches, expected)
    config = ModelConfig(image_size=side, channels=channels, patch_size=patch_size, edge=edge)
    assert patches.shape == (2, config.tokens, config.patch_values)


def test_the_tutorials_patches_leave_out_three_pixels_at_the_right_and_the_bottom():
    picture = np.zeros((1, 28, 28, 1), np.float32)
    picture[:, 25:] = picture[:, :, 25:] = 255
    patches = cut_patches(tf.constant(picture), 5, "crop").numpy()
    assert patches.shape == (1, 25, 25) and not patches.any()


def test_padding_adds_zeros_at_the_right_and_the_bottom_only():
    picture = np.full((1, 5, 5, 1), 7, np.float32)
    top_left, top_right, bottom_left, bottom_right = cut_patches(tf.constant(picture), 4, "pad").numpy()[0]
    assert (top_left == 7).all()
    assert (top_right.reshape(4, 4) == [[7, 0, 0, 0]] * 4).all()
    assert (bottom_left.reshape(4, 4) == np.array([[7, 0, 0, 0]] * 4).T).all()
    assert bottom_right[0] == 7 and not bottom_right[1:].any()


RANGES = {"0..255": [0, 51, 255], "0..1": [0, 0.2, 1], "-1..1": [-1, -0.6, 1]}


@pytest.mark.parametrize(("pixels", "expected"), RANGES.items())
def test_pixels_are_scaled_to_the_range_that_is_asked_for(pixels, expected):
    scaled = scale_pixels(tf.constant([0, 51, 255], tf.uint8), pixels)
    assert scaled.dtype == tf.float32
    np.testing.assert_allclose(scaled, expected, atol=1e-6)
