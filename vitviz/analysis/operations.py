"""Parameters and multiply-accumulates of every layer, counted from the configuration alone.

A multiply-accumulate (MAC) is one product added to a sum; a FLOP count is about twice as large.
Counted: every matrix product and convolution of one image's forward pass, attention's scores
(query · key) and mixing (weights · values) included. Not counted: elementwise work (norms, activations,
softmax, biases, adding positions, pooling), which is small here but not free. A 3×3 'same' convolution
counts nine products per position, at the edge of the grid too.
"""

from __future__ import annotations

from dataclasses import dataclass

from vitviz.config import ModelConfig

# What the tutorial published for its pair (4 classes, patch 5, 4 maps, 6 epochs): 436.4 s over 686.4 s of training
TUTORIAL_RATIO = 0.636


@dataclass(frozen=True)
class LayerCount:
    """One row of the layer table: what comes out, for one image, and what it costs."""

    name: str
    output_shape: tuple[int, ...]
    params: int
    macs: int


def layers(config: ModelConfig) -> list[LayerCount]:
    """The network from the first layer to the last, one row each.

    Names: patches, embedding, block_1 … block_N, token_learner, token_fuser, token_learner_2,
    final_norm, pooling, head, output; those that the configuration does not build are left out.
    """
    width, maps = config.width, config.n_maps
    rows = [
        LayerCount("patches", (config.tokens, config.patch_values), 0, 0),
        _embedding(config),
    ]
    if maps is not None and config.insert_after == 0:
        rows.append(_token_learner(config, "token_learner"))
    for block in range(1, config.blocks + 1):
        rows.append(_block(config, block))
        if maps is not None and block == config.insert_after:
            rows.append(_token_learner(config, "token_learner"))
        if maps is not None and block == config.fuse_after:
            rows.append(_token_fuser(config))
            rows.append(_token_learner(config, "token_learner_2"))

    length = rows[-1].output_shape[0]
    if config.norm == "pre":
        rows.append(LayerCount("final_norm", (length, width), 2 * width, 0))
    rows.append(LayerCount("pooling", (width,), 0, 0))
    features = width
    if config.head_units:
        rows.append(_dense("head", features, config.head_units))
        features = config.head_units
    rows.append(_dense("output", features, config.classes))
    return rows


def total_params(config: ModelConfig) -> int:
    """Trainable numbers in the whole network."""
    return sum(row.params for row in layers(config))


def total_macs(config: ModelConfig) -> int:
    """Multiply-accumulates of one image's forward pass."""
    return sum(row.macs for row in layers(config))


def counted_ratio(config: ModelConfig) -> float:
    """Multiply-accumulates of this network over those of the ViT of the same settings (1.0 for a ViT)."""
    return total_macs(config) / total_macs(config.plain())


def _embedding(config: ModelConfig) -> LayerCount:
    tokens, values, width = config.tokens, config.patch_values, config.width
    norm = 2 * values if config.patch_norm else 0
    projection = values * width + width
    positions = tokens * width
    return LayerCount("embedding", (tokens, width), norm + projection + positions, tokens * values * width)


def _block(config: ModelConfig, block: int) -> LayerCount:
    length = config.block_tokens[block - 1]
    width, inner, hidden = config.width, config.heads * config.key_dim, config.feed_forward
    norms = (1 if config.norm == "post-shared" else 2) * 2 * width
    attention = 3 * (width * inner + inner) + (inner * width + width)  # query, key, value; output
    feed_forward = (width * hidden + hidden) + (hidden * width + width)
    per_token = 3 * width * inner + inner * width + 2 * width * hidden
    scores_and_mixing = 2 * length * length * inner
    macs = length * per_token + scores_and_mixing
    return LayerCount(f"block_{block}", (length, width), norms + attention + feed_forward, macs)


def _token_learner(config: ModelConfig, name: str) -> LayerCount:
    tokens, width, maps, hidden = config.tokens, config.width, config.n_maps, config.selector_units
    norm = 2 * width if config.selector_norm else 0
    if config.token_learner == "v1":
        # five 3×3 convolutions without biases: the first reads the tokens, the rest read maps
        selector = per_token = 9 * width * maps + 4 * 9 * maps * maps
    else:
        selector = (width * hidden + hidden) + (hidden * maps + maps)
        per_token = width * hidden + hidden * maps
    weighing = tokens * maps * width  # mapsᵀ · tokens
    return LayerCount(name, (maps, width), norm + selector, tokens * per_token + weighing)


def _token_fuser(config: ModelConfig) -> LayerCount:
    tokens, width, maps, hidden = config.tokens, config.width, config.n_maps, config.selector_units
    norms = 3 * 2 * width  # on the learned tokens, after mixing them, and on the grid
    mixing = maps * maps + maps
    remap = (width * hidden + hidden) + (hidden * maps + maps)
    macs = maps * maps * width + tokens * (width * hidden + hidden * maps) + tokens * maps * width
    return LayerCount("token_fuser", (tokens, width), norms + mixing + remap, macs)


def _dense(name: str, values: int, units: int) -> LayerCount:
    return LayerCount(name, (units,), values * units + units, values * units)
