"""The same two networks in PyTorch, with its fused attention, where PyTorch is installed."""

from __future__ import annotations

from itertools import pairwise

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


def torch_step(config: ModelConfig, patches, labels):
    """A function without arguments that trains one step, as PyTorch's own tutorials write it."""
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
