"""Both networks once more, for one picture, in plain NumPy and float64: what the tests compare the product with.

Written from the papers and the tutorial, with loops and broadcasts where they are the plainest way to say it, and
with nothing taken from the code under test but the names of the weights.
"""

from __future__ import annotations

import math

import numpy as np

EPSILON = 1e-3  # Keras' LayerNormalization

_erf = np.vectorize(math.erf, otypes=[float])


def softmax(values, axis=-1):
    powers = np.exp(values - values.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def relu(values):
    return np.where(values > 0, values, 0)


def gelu(values):
    return values * 0.5 * (1 + _erf(values / math.sqrt(2)))


def layer_norm(values, weights):
    """Weights: gamma, beta."""
    mean, variance = values.mean(axis=-1, keepdims=True), values.var(axis=-1, keepdims=True)
    return weights["gamma"] * (values - mean) / np.sqrt(variance + EPSILON) + weights["beta"]


def dense(values, weights):
    """Weights: kernel, bias."""
    return values @ weights["kernel"] + weights["bias"]


def below(weights, prefix):
    """The weights whose name begins with `prefix/`, without it."""
    return {name[len(prefix) + 1 :]: array for name, array in weights.items() if name.startswith(prefix + "/")}


def cut_patches(image, size, edge):
    """`(H, W, C)` → `(tokens, size²·C)`, one patch after the other."""
    height, width, _ = image.shape
    patches = []
    for top in range(0, height, size):
        for left in range(0, width, size):
            piece = image[top : top + size, left : left + size]
            if edge == "crop" and piece.shape[:2] != (size, size):
                continue
            missing_below, missing_right = size - piece.shape[0], size - piece.shape[1]
            patches.append(np.pad(piece, ((0, missing_below), (0, missing_right), (0, 0))).reshape(-1))
    return np.stack(patches)


def attention(tokens, weights):
    """`(T, width)` → the same, and the attention `(heads, T, T)`. Kernels are `(width, heads, key_dim)`."""
    heads, key_dim = weights["query_bias"].shape
    seen, output = [], np.zeros_like(tokens) + weights["output_bias"]
    for head in range(heads):
        query, key, value = (
            tokens @ weights[f"{name}_kernel"][:, head] + weights[f"{name}_bias"][head]
            for name in ("query", "key", "value")
        )
        seen.append(softmax(query @ key.T / math.sqrt(key_dim)))
        output = output + seen[-1] @ value @ weights["output_kernel"][head]
    return output, np.stack(seen)


def encoder_block(tokens, weights, config):
    activation = {"relu": relu, "gelu": gelu}[config.activation]
    first = below(weights, "attention_norm")
    second = first if config.norm == "post-shared" else below(weights, "feed_forward_norm")

    def feed_forward(values):
        return dense(activation(dense(values, below(weights, "expand"))), below(weights, "contract"))

    if config.norm == "pre":
        mixed, seen = attention(layer_norm(tokens, first), below(weights, "attention"))
        tokens = tokens + mixed
        return tokens + feed_forward(layer_norm(tokens, second)), seen
    mixed, seen = attention(tokens, below(weights, "attention"))
    tokens = layer_norm(tokens + mixed, first)
    return layer_norm(tokens + feed_forward(tokens), second), seen


def convolve_same(grid, kernel):
    """`(rows, columns, inputs)` with a `(3, 3, inputs, outputs)` kernel and zeros around the grid."""
    rows, columns, _ = grid.shape
    result = np.zeros((rows, columns, kernel.shape[-1]))
    for row in range(rows):
        for column in range(columns):
            for down in (-1, 0, 1):
                for right in (-1, 0, 1):
                    if 0 <= row + down < rows and 0 <= column + right < columns:
                        result[row, column] += grid[row + down, column + right] @ kernel[down + 1, right + 1]
    return result


def token_learner(tokens, weights, config):
    """`(T, width)` → learned tokens `(n_maps, width)` and weight maps `(T, n_maps)`."""
    read = layer_norm(tokens, below(weights, "norm")) if config.selector_norm else tokens
    if config.token_learner == "v1.1":
        maps = softmax(dense(gelu(dense(read, below(weights, "expand"))), below(weights, "contract")), axis=0)
        return (tokens[:, None, :] * maps[:, :, None]).sum(axis=0), maps
    grid = read.reshape(config.grid, config.grid, -1)
    for number in (1, 2, 3, 4):
        grid = gelu(convolve_same(grid, weights[f"kernel_{number}"]))
    maps = sigmoid(convolve_same(grid, weights["kernel_5"])).reshape(-1, config.n_maps)
    return (tokens[:, None, :] * maps[:, :, None]).mean(axis=0), maps


def token_fuser(learned, grid, weights):
    """Learned tokens `(n_maps, width)` and the grid `(T, width)` → the new grid."""
    mixed = layer_norm(learned, below(weights, "learned_norm"))
    mixed = np.einsum("mw,mn->nw", mixed, weights["mix"]) + weights["mix_bias"][:, None]
    mixed = layer_norm(mixed, below(weights, "mixed_norm"))
    read = layer_norm(grid, below(weights, "grid_norm"))
    maps = sigmoid(dense(gelu(dense(read, below(weights, "expand"))), below(weights, "contract")))
    return grid + maps @ mixed


def forward(config, weights, image):
    """One picture `(H, W, C)`, 0…255, through the network of these weights: arrays under the names of a Trace."""
    weights = {name: np.asarray(array, float) for name, array in weights.items()}
    image = np.asarray(image, float)
    seen = {"image": image, "patches": cut_patches(image, config.patch_size, config.edge)}
    scaled = {"0..255": image, "0..1": image / 255, "-1..1": image / 127.5 - 1}[config.pixels]
    patches = cut_patches(scaled, config.patch_size, config.edge)
    if config.patch_norm:
        patches = layer_norm(patches, below(weights, "embedding/norm"))
    seen["position_embedding"] = weights["embedding/positions"]
    tokens = dense(patches, below(weights, "embedding/project")) + seen["position_embedding"]
    seen["tokens_0"] = tokens
    fast, grid = config.n_maps is not None, tokens
    for number in range(config.blocks + 1):
        if fast and number == config.insert_after:
            grid = tokens
            tokens, seen["weight_maps"] = token_learner(grid, below(weights, "token_learner"), config)
            seen["learned_tokens"] = tokens
        if fast and number == config.fuse_after:
            grid = token_fuser(tokens, grid, below(weights, "token_fuser"))
            tokens, maps = token_learner(grid, below(weights, "second_token_learner"), config)
            seen |= {"second_weight_maps": maps, "second_learned_tokens": tokens}
        if number < config.blocks:
            tokens, attended = encoder_block(tokens, below(weights, f"block_{number + 1}"), config)
            seen |= {f"tokens_{number + 1}": tokens, f"attention_{number}": attended}
    if config.norm == "pre":
        tokens = layer_norm(tokens, below(weights, "final_norm"))
    features = tokens.mean(axis=0)
    if config.head_units:
        features = relu(dense(features, below(weights, "hidden")))
    seen["logits"] = dense(features, below(weights, "classify"))
    seen["probabilities"] = softmax(seen["logits"])
    return seen
