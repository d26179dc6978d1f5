"""What the bench runs in PyTorch is the same network as ours; skipped where PyTorch is not installed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from vitviz.analysis.operations import total_params
from vitviz.config import PRESETS
from vitviz.models import build
from vitviz.models.tokenizer import cut_patches, scale_pixels

torch = pytest.importorskip("torch", reason="PyTorch is not installed: it is only for the bench")


@pytest.mark.parametrize("n_maps", [None, 3])
@pytest.mark.parametrize("preset", ["article", "tuned"])
def test_pytorch_computes_our_logits_and_gradients_from_our_weights(preset, n_maps):
    from bench.torch_vit import TorchViT, set_weights

    config = dataclasses.replace(PRESETS[preset].model, patch_size=7, n_maps=n_maps)
    ours, random = build(config, seed=1), np.random.default_rng(0)
    for variable in ours.named_weights().values():  # biases and norms too, which start at 0 and 1
        variable.assign_add(random.normal(size=variable.shape).astype(np.float32) * 0.05)
    theirs = TorchViT(config)
    assert sum(parameter.numel() for parameter in theirs.parameters()) == total_params(config)
    set_weights(theirs, {name: variable.numpy() for name, variable in ours.named_weights().items()})
    images = random.integers(0, 256, (5, 28, 28, 1), dtype=np.uint8)
    labels = random.integers(0, config.classes, 5)
    patches = cut_patches(scale_pixels(tf.constant(images), config.pixels), 7, config.edge).numpy()
    their_logits = theirs(torch.from_numpy(patches))
    torch.nn.functional.cross_entropy(their_logits, torch.from_numpy(labels)).backward()
    with tf.GradientTape() as tape:
        logits = ours(images)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    np.testing.assert_allclose(logits, their_logits.detach().numpy(), rtol=1e-3, atol=1e-4)
    names = ("embedding/project/kernel", "block_2/expand/kernel", "classify/kernel")
    layers = (theirs.project, theirs.blocks[1].expand, theirs.head[1])
    gradients = tape.gradient(loss, [ours.named_weights()[name] for name in names])
    for gradient, layer in zip(gradients, layers, strict=True):
        expected = layer.weight.grad.numpy().T
        np.testing.assert_allclose(gradient, expected, rtol=1e-2, atol=1e-3 * np.abs(expected).max())
