"""Statistics of weight maps, against cases whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from vitviz.analysis.maps import carry, overlap, shares, statistics

FLAT, ONE_PATCH, HALF = np.full(16, 0.7), np.eye(16)[5], np.r_[np.full(8, 0.2), np.zeros(8)]
MAPS = np.stack([FLAT, ONE_PATCH, HALF], axis=1)  # (16 tokens, 3 maps)


def test_statistics_tell_a_flat_map_from_a_pointed_one():
    found = statistics(MAPS)
    np.testing.assert_allclose(found.mean, [0.7, 1 / 16, 0.1])
    np.testing.assert_allclose(found.entropy, [1.0, 0.0, np.log(8) / np.log(16)], atol=1e-12)
    np.testing.assert_allclose(found.coverage, [1.0, 1 / 16, 0.5])


def test_statistics_but_the_mean_do_not_depend_on_the_scale_of_a_map():
    np.testing.assert_allclose(statistics(MAPS * 0.01).entropy, statistics(MAPS).entropy)
    np.testing.assert_allclose(statistics(MAPS * 0.01).coverage, statistics(MAPS).coverage)


def test_a_map_of_zeros_is_read_as_even_and_not_as_nan():
    found = statistics(np.zeros((9, 2)))
    np.testing.assert_allclose(found.entropy, 1.0)
    np.testing.assert_allclose(found.coverage, 1.0)


def test_overlap_is_one_for_maps_of_the_same_form_and_zero_for_maps_apart():
    other_half = np.r_[np.zeros(8), np.ones(8)]
    found = overlap(np.stack([HALF, 5 * HALF, other_half, FLAT], axis=1))
    expected = [[1, 1, 0, 0.5], [1, 1, 0, 0.5], [0, 0, 1, 0.5], [0.5, 0.5, 0.5, 1]]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_attention_to_one_learned_token_is_carried_back_as_its_map():
    carried = carry(np.eye(3), MAPS)
    np.testing.assert_allclose(carried, (MAPS / MAPS.sum(axis=0)).T)


def test_carried_attention_still_sums_to_one():
    rows = np.random.default_rng(1).dirichlet(np.ones(3), size=(4, 3))  # (heads, n_maps, n_maps)
    carried = carry(rows, MAPS)
    assert carried.shape == (4, 3, 16)
    np.testing.assert_allclose(carried.sum(axis=-1), 1.0)
    assert shares(MAPS).sum(axis=0) == pytest.approx(1.0)
