"""Rollout against its definition, written out as loops."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vitviz.analysis.rollout import answer_rollout, attention_step, rollout
from vitviz.config import TUNED

FAST = TUNED.model.fast(8)
FUSED = dataclasses.replace(FAST, insert_after=1, fuse_after=3)
LAST = dataclasses.replace(FAST, insert_after=4)
FIRST = dataclasses.replace(FAST, insert_after=0, token_learner="v1.1")


NETWORKS = {"vit": TUNED.model, "fast": FAST, "fused": FUSED, "last": LAST, "first": FIRST}


@pytest.mark.parametrize("config", NETWORKS.values(), ids=NETWORKS)
def test_rows_of_every_rollout_sum_to_one(made_up_trace, config):
    trace = made_up_trace(config)
    for block in range(config.blocks + 1):
        flow = rollout(trace, block)
        length = config.tokens if block == 0 else config.block_tokens[block - 1]
        assert flow.shape == (length, config.tokens)
        assert (flow >= 0).all()
        np.testing.assert_allclose(flow.sum(axis=1), 1.0, atol=1e-9)
    assert answer_rollout(trace).shape == (config.tokens,)
    assert answer_rollout(trace).sum() == pytest.approx(1.0)


def test_one_step_is_half_attention_and_half_residual():
    attention = np.array([[[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]])  # one head swaps, one stays
    np.testing.assert_allclose(attention_step(attention), [[0.75, 0.25], [0.25, 0.75]])


def test_rollout_of_a_vit_is_the_product_of_its_steps(made_up_trace):
    trace = made_up_trace(TUNED.model)
    expected = np.eye(49)
    for layer in trace.attention:
        mean = sum(layer) / len(layer)
        expected = (0.5 * mean + 0.5 * np.eye(49)) @ expected
    np.testing.assert_allclose(rollout(trace), expected, atol=1e-9)
    np.testing.assert_array_equal(rollout(trace, 0), np.eye(49))


def test_a_learned_token_starts_as_its_weight_map(made_up_trace):
    trace = made_up_trace(FIRST)
    quiet = dataclasses.replace(FIRST, blocks=1, heads=1)
    trace.config, trace.attention = quiet, (np.eye(8)[None],)  # every learned token attends to itself alone
    np.testing.assert_allclose(rollout(trace), trace.weight_maps.T, atol=1e-9)  # v1.1 maps already sum to 1


def test_a_token_learner_after_the_last_block_counts_for_the_answer(made_up_trace):
    trace = made_up_trace(LAST)
    trace.weight_maps = np.zeros((49, 8))
    trace.weight_maps[3] = 1.0  # every map picks patch 3
    np.testing.assert_allclose(answer_rollout(trace), rollout(trace)[3])


def test_a_block_that_does_not_exist_is_named(made_up_trace):
    with pytest.raises(ValueError, match=r"from 0 to 4.*not 5"):
        rollout(made_up_trace(TUNED.model), 5)
