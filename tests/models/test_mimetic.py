"""Initial values that imitate trained transformers: what arXiv 2305.09828 asks of them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vitviz.config import TUNED, ModelConfig
from vitviz.models import build


@pytest.fixture(scope="module")
def weights():
    model = build(TUNED.model, seed=3, initial="mimetic")
    return {name: variable.numpy() for name, variable in model.named_weights().items()}


def test_a_head_begins_by_scoring_a_token_highest_against_itself(weights):
    query, key = (weights[f"block_2/attention/{name}_kernel"] for name in ("query", "key"))
    for head in range(TUNED.model.heads):
        product = query[:, head] @ key[:, head].T  # (width, width)
        others = product[~np.eye(len(product), dtype=bool)]
        assert np.trace(product) / len(product) > 2 * others.std()
        assert abs(others.mean()) < others.std() / 5


def test_values_and_output_begin_as_a_negative_identity_with_noise(weights):
    product = np.einsum(
        "dhk,hke->de", weights["block_1/attention/value_kernel"], weights["block_1/attention/output_kernel"]
    )
    noise = product + 0.4 * np.eye(len(product))
    assert noise.std() * np.sqrt(len(product)) == pytest.approx(0.4, rel=0.05)
    assert abs(np.trace(noise)) / len(noise) < 0.02


def test_neighbouring_positions_begin_more_alike_than_distant_ones(weights):
    positions = weights["embedding/positions"]  # row by row
    unit = positions / np.linalg.norm(positions, axis=1, keepdims=True)
    cosine, grid = unit @ unit.T, TUNED.model.grid
    assert cosine[0, 1] == pytest.approx(cosine[0, grid], abs=1e-5)  # right and down count alike
    assert cosine[0, 1] > cosine[0, 3] > cosine[0, grid * grid - 1]


def test_everything_else_begins_as_it_does_without(weights):
    plain = {name: variable.numpy() for name, variable in build(TUNED.model, seed=3).named_weights().items()}
    changed = {name for name in plain if not np.array_equal(plain[name], weights[name])}
    kernels = {f"block_{k}/attention/{n}_kernel" for k in (1, 2, 3, 4) for n in ("query", "key", "value", "output")}
    assert changed == kernels | {"embedding/positions"}


@pytest.mark.parametrize("heads, key_dim, width", [(3, 8, 30), (3, 16, 30), (1, 1, 1), (2, 40, 30)])
def test_heads_need_not_fill_the_width(heads, key_dim, width):
    config = ModelConfig(image_size=8, patch_size=4, width=width, heads=heads, key_dim=key_dim, feed_forward=4)
    model = build(dataclasses.replace(config, n_maps=2), initial="mimetic")
    assert np.isfinite(model(np.zeros((1, 8, 8, 1), np.uint8)).numpy()).all()
