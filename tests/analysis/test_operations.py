"""Counts against the tutorial's table, and against counts derived by other means."""

from __future__ import annotations

import dataclasses

import pytest

from vitviz.analysis.operations import counted_ratio, layers, total_macs, total_params
from vitviz.config import ARTICLE, TUNED, ModelConfig

# every size different, so that no product can stand in for another
SMALL = ModelConfig(
    image_size=10, channels=3, classes=7, patch_size=4, edge="pad", patch_norm=True, width=6, blocks=3,
    heads=2, key_dim=5, feed_forward=8, norm="pre", head_units=11, n_maps=2, insert_after=1,
    token_learner="v1.1", selector_units=13, fuse_after=2,
)


def row(config: ModelConfig, name: str):
    return {layer.name: layer for layer in layers(config)}[name]


def test_the_tutorials_vit_has_its_published_parameters():
    table = {layer.name: layer.params for layer in layers(ARTICLE.model)}
    assert table["embedding"] == 6_578
    assert [table[f"block_{k}"] for k in (1, 2, 3, 4)] == [223_972] * 4
    assert (table["head"], table["output"]) == (19_350, 604)
    assert total_params(ARTICLE.model) == 922_420


def test_the_tutorials_fast_vit_has_its_published_parameters_and_shapes():
    fast = ARTICLE.model.fast(4)
    assert row(fast, "token_learner").params == 5_184
    assert row(fast, "token_learner").output_shape == (4, 128)
    assert row(fast, "block_2").output_shape == (25, 128)
    assert row(fast, "block_3").output_shape == (4, 128)
    assert total_params(fast) == 927_604


def test_an_encoder_of_the_tutorial_costs_six_million_multiply_accumulates():
    # per token: q, k, v; output; feed-forward; scores and mixing over 25 tokens
    per_token = 147_456 + 49_152 + 25_600 + 2 * 25 * 384
    assert row(ARTICLE.model, "block_1").macs == 25 * per_token == 6_035_200
    assert counted_ratio(ARTICLE.model.fast(4)) == pytest.approx(0.58, abs=0.005)
    assert counted_ratio(ARTICLE.model) == 1.0


def products(shapes: list[tuple[int, int, int]]) -> int:
    """Multiply-accumulates of a list of (rows × inner) · (inner × columns) matrix products."""
    return sum(rows * inner * columns for rows, inner, columns in shapes)


def test_every_matrix_product_of_a_small_network_is_counted_once():
    tokens, patch = 9, 4 * 4 * 3

    def block(n):
        return [(n, 6, 10)] * 3 + [(n, 10, 6), (n, 6, 8), (n, 8, 6)] + [(n, 5, n), (n, n, 5)] * 2

    learner = [(tokens, 6, 13), (tokens, 13, 2), (2, tokens, 6)]
    fuser = [(2, 2, 6), (tokens, 6, 13), (tokens, 13, 2), (tokens, 2, 6)]
    head = [(1, 6, 11), (1, 11, 7)]
    whole = [(tokens, patch, 6), *block(9), *learner, *block(2), *fuser, *learner, *block(2), *head]
    assert total_macs(SMALL) == products(whole)


def test_every_weight_of_a_small_network_is_counted_once():
    dense = lambda values, units: (values + 1) * units  # noqa: E731
    norm = 12
    embedding = 2 * 48 + dense(48, 6) + 9 * 6
    block = 3 * dense(6, 10) + dense(10, 6) + dense(6, 8) + dense(8, 6) + 2 * norm
    learner = norm + dense(6, 13) + dense(13, 2)
    fuser = 3 * norm + dense(2, 2) + dense(6, 13) + dense(13, 2)
    head = dense(6, 11) + dense(11, 7)
    assert total_params(SMALL) == embedding + 3 * block + 2 * learner + fuser + norm + head


def test_the_convolutional_selector_has_five_kernels_without_bias():
    config = TUNED.model.fast(8)
    kernels = 3 * 3 * 128 * 8 + 4 * 3 * 3 * 8 * 8
    assert row(config, "token_learner").params == kernels + 2 * 128  # and the norm before it
    without_norm = dataclasses.replace(config, selector_norm=False)
    assert row(without_norm, "token_learner").params == kernels
    assert row(config, "token_learner").macs == 49 * kernels + 49 * 8 * 128


@pytest.mark.parametrize(("norm", "expected"), [("post-shared", 1), ("post", 2), ("pre", 2)])
def test_the_placement_of_norms_decides_how_many_there_are(norm, expected):
    bare = dataclasses.replace(TUNED.model, norm="post-shared")
    config = dataclasses.replace(TUNED.model, norm=norm)
    more = row(config, "block_1").params - row(bare, "block_1").params
    assert more == (expected - 1) * 2 * 128
    assert ("final_norm" in {layer.name for layer in layers(config)}) == (norm == "pre")


def test_a_token_learner_stands_where_the_configuration_puts_it():
    for after in range(5):
        config = dataclasses.replace(TUNED.model.fast(8), insert_after=after)
        names = [layer.name for layer in layers(config)]
        blocks_before = [name for name in names[: names.index("token_learner")] if name.startswith("block_")]
        assert len(blocks_before) == after
        for number, length in enumerate(config.block_tokens, start=1):
            assert row(config, f"block_{number}").output_shape == (length, 128)
    assert total_macs(dataclasses.replace(config, insert_after=1)) < total_macs(config)
