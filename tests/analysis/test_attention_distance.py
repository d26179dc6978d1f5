from __future__ import annotations

import dataclasses
import math

import numpy as np

from vitviz.analysis.attention_distance import attention_distance, patch_distances
from vitviz.config import TUNED


def test_distances_are_straight_lines_between_patches():
    distances = patch_distances(3)
    assert distances[0, 0] == 0
    assert distances[0, 1] == distances[0, 3] == 1
    assert distances[0, 8] == math.hypot(2, 2)


def test_the_distance_of_a_head_is_the_weighted_mean_over_patches_and_queries(made_up_trace):
    trace = made_up_trace(TUNED.model)
    found = attention_distance(TUNED.model, trace.attention)
    total = 0.0
    for query in range(49):
        for key in range(49):
            far = math.dist(divmod(query, 7), divmod(key, 7))
            total += trace.attention[2][1][query, key] * far
    np.testing.assert_allclose(found[2, 1], total / 49)
    in_pixels = attention_distance(TUNED.model, trace.attention, "pixels")
    np.testing.assert_allclose(in_pixels, 4 * found)  # patches of 4 pixels


def test_a_head_that_looks_only_at_its_own_patch_has_distance_zero():
    attention = [np.eye(49)[None].repeat(4, axis=0)] * 4
    np.testing.assert_array_equal(attention_distance(TUNED.model, attention), 0)


def test_blocks_over_learned_tokens_have_no_distance(made_up_trace):
    config = dataclasses.replace(TUNED.model.fast(8), insert_after=1)
    found = attention_distance(config, made_up_trace(config).attention)
    assert np.isfinite(found[:1]).all()
    assert np.isnan(found[1:]).all()
