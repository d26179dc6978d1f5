from __future__ import annotations

import numpy as np
import pytest

from vitviz.analysis.similarity import cosine_similarity, mean_of_pairs


def test_cosine_is_that_of_the_angle_and_not_of_the_length():
    vectors = np.array([[1.0, 0.0], [0.0, 3.0], [-2.0, 0.0], [5.0, 5.0]])
    half = np.sqrt(0.5)
    expected = [[1, 0, -1, half], [0, 1, 0, half], [-1, 0, 1, -half], [half, half, -half, 1]]
    np.testing.assert_allclose(cosine_similarity(vectors), expected, atol=1e-6)


def test_a_vector_of_zeros_is_like_nothing():
    found = cosine_similarity(np.array([[0.0, 0.0], [1.0, 2.0]]))
    np.testing.assert_allclose(found, [[0, 0], [0, 1]], atol=1e-6)


def test_cosines_of_tiny_float32_vectors_stay_within_bounds():
    vectors = np.random.default_rng(0).normal(size=(49, 128)).astype(np.float32) * 1e-20
    found = cosine_similarity(vectors)
    assert np.abs(found).max() <= 1.0
    np.testing.assert_allclose(np.diag(found), 1.0, atol=1e-6)


def test_the_mean_of_pairs_leaves_the_diagonal_out():
    assert mean_of_pairs(np.array([[1.0, 0.2], [0.2, 1.0]])) == pytest.approx(0.2)
    assert np.isnan(mean_of_pairs(np.ones((1, 1))))
