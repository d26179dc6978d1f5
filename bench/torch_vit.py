"""The same two networks in PyTorch, with its fused attention, where PyTorch is installed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from vitviz.config import ModelConfig


class Block(nn.Module):
    """Post-norm with one LayerNorm, or pre-norm with two."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config, inner = config, config.heads * config.key_dim
        self.qkv = nn.Linear(config.width, 3 * inner)
        self.out = nn.Linear(inner, config.width)
        self.expand, self.contract = (
            nn.Linear(config.width, config.feed_forward),
            nn.Linear(config.feed_forward, config.width),
        )
        self.norm = nn.LayerNorm(config.width, eps=1e-3)
        self.second_norm = self.norm if config.norm == "post-shared" else nn.LayerNorm(config.width, eps=1e-3)
        self.activation = F.relu if config.activation == "relu" else F.gelu

    def attend(self, x):
        batch, length, _ = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.config.heads, self.config.key_dim).permute(2, 0, 3, 1, 4)
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, length, -1))

    def forward(self, x):
        if self.config.norm == "pre":
            x = x + self.attend(self.norm(x))
            return x + self.contract(self.activation(self.expand(self.second_norm(x))))
        x = self.norm(x + self.attend(x))
        return self.second_norm(x + self.contract(self.activation(self.expand(x))))


class TorchViT(nn.Module):
    """Patches `(batch, tokens, patch_values)` → logits; TokenLearner v1 where the config has maps."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_norm = nn.LayerNorm(config.patch_values, eps=1e-3) if config.patch_norm else nn.Identity()
        self.project = nn.Linear(config.patch_values, config.width)
        self.positions = nn.Parameter(torch.zeros(config.tokens, config.width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        if config.n_maps:
            widths = [config.width, *[config.n_maps] * 5]
            self.selector_norm = nn.LayerNorm(config.width, eps=1e-3) if config.selector_norm else nn.Identity()
            self.convolutions = nn.ModuleList(
                nn.Conv2d(a, b, 3, padding=1, bias=False) for a, b in pairwise(widths)
            )
        self.final_norm = nn.LayerNorm(config.width, eps=1e-3) if config.norm == "pre" else nn.Identity()
        features = config.head_units or config.width
        hidden = nn.Sequential(nn.Linear(config.width, features), nn.ReLU()) if config.head_units else nn.Identity()
        self.head = nn.Sequential(hidden, nn.Linear(features, config.classes))

    def learn_tokens(self, x):
        grid = self.config.grid
        maps = self.selector_norm(x).transpose(1, 2).reshape(-1, self.config.width, grid, grid)
        for number, convolution in enumerate(self.convolutions):
            maps = convolution(maps)
            maps = torch.sigmoid(maps) if number == 4 else F.gelu(maps)
        return maps.flatten(2) @ x / x.shape[1]

    def forward(self, patches):
        x = self.project(self.patch_norm(patches)) + self.positions
        for number, block in enumerate(self.blocks):
            if self.config.n_maps and number == self.config.insert_after:
                x = self.learn_tokens(x)
            x = block(x)
        return self.head(self.final_norm(x).mean(1))


def set_weights(model: TorchViT, weights: dict[str, np.ndarray]) -> None:
    """Gives the model our weights, by our names; all of them must be used up, and all of its own set."""
    left, set_ones = dict(weights), set()

    def give(parameter: nn.Parameter, values: np.ndarray) -> None:
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)).view_as(parameter))
        set_ones.add(parameter)

    def take(name: str) -> np.ndarray:
        return left.pop(name)

    def dense(layer: nn.Linear, name: str) -> None:
        give(layer.weight, take(f"{name}/kernel").T)
        give(layer.bias, take(f"{name}/bias"))

    def norm(layer: nn.LayerNorm, name: str) -> None:
        give(layer.weight, take(f"{name}/gamma"))
        give(layer.bias, take(f"{name}/beta"))

    config = model.config
    if config.patch_norm:
        norm(model.patch_norm, "embedding/norm")
    dense(model.project, "embedding/project")
    give(model.positions, take("embedding/positions"))
    for number, block in enumerate(model.blocks, 1):
        name = f"block_{number}"
        parts = [f"{name}/attention/{part}" for part in ("query", "key", "value")]
        give(block.qkv.weight, np.concatenate([take(f"{part}_kernel").reshape(config.width, -1).T for part in parts]))
        give(block.qkv.bias, np.concatenate([take(f"{part}_bias").reshape(-1) for part in parts]))
        give(block.out.weight, take(f"{name}/attention/output_kernel").reshape(-1, config.width).T)
        give(block.out.bias, take(f"{name}/attention/output_bias"))
        dense(block.expand, f"{name}/expand")
        dense(block.contract, f"{name}/contract")
        norm(block.norm, f"{name}/attention_norm")
        if block.second_norm is not block.norm:
            norm(block.second_norm, f"{name}/feed_forward_norm")
    if config.n_maps:
        if config.selector_norm:
            norm(model.selector_norm, "token_learner/norm")
        for number, convolution in enumerate(model.convolutions, 1):
            give(convolution.weight, take(f"token_learner/kernel_{number}").transpose(3, 2, 0, 1))
    if config.norm == "pre":
        norm(model.final_norm, "final_norm")
    if config.head_units:
        dense(model.head[0][0], "hidden")
    dense(model.head[1], "classify")
    if left or set_ones != set(model.parameters()):
        raise ValueError(f"The two models differ: {sorted(left)} are left over.")


def torch_step(config: ModelConfig, patches, labels):
    """A function without arguments that trains one step, as PyTorch's own tutorials write it.

    Eager, without `torch.compile`, which would need a C++ compiler on the machine.
    """
    model = TorchViT(config)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    x, y = torch.from_numpy(patches), torch.from_numpy(labels).long()

    def step() -> float:
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step
