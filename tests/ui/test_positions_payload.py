"""The cosines on their way to the browser."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from vitviz.ui.positions_view.payload import pack


def _read(payload: bytes) -> tuple[dict, np.ndarray]:
    (length,) = struct.unpack("<I", payload[:4])
    return json.loads(payload[4 : 4 + length]), np.frombuffer(payload[4 + length :], "<i2")


@pytest.mark.parametrize("grid", [2, 7, 14])
def test_the_triangles_hold_every_cosine_of_both_models(grid):
    tokens = grid * grid
    rng = np.random.default_rng(grid)
    both = {name: rng.uniform(-1, 1, (tokens, tokens)) for name in ("ViT", "fast ViT")}
    both = {name: (one + one.T) / 2 for name, one in both.items()}
    header, steps = _read(pack(both, grid=grid, patch_size=4))
    assert [model["name"] for model in header["models"]] == ["ViT", "fast ViT"]
    for triangle, cosines in zip(np.split(steps, 2), both.values(), strict=True):
        np.testing.assert_allclose(triangle / 32767, cosines[np.triu_indices(tokens)], atol=2e-5)


def test_the_cosines_of_196_patches_of_both_models_stay_below_80_kilobytes():
    assert len(pack({"ViT": np.eye(196), "fast ViT": np.eye(196)}, grid=14, patch_size=2)) < 80_000


def test_cosines_that_do_not_fit_the_grid_are_refused():
    with pytest.raises(ValueError, match="ViT: 9 patches have 9×9 cosines"):
        pack({"ViT": np.eye(4)}, grid=3, patch_size=7)
