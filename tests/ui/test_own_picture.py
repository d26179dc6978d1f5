"""A picture of one's own on the Explore page, without a browser."""

from __future__ import annotations

import io
from types import SimpleNamespace

import numpy as np
import streamlit as st
from PIL import Image

from vitviz.config import ModelConfig
from vitviz.ui import picture_chooser


def test_a_picture_is_decoded_once_for_each_form_that_models_read(monkeypatch):
    decoded, decode = [], picture_chooser.picture_to_image
    file = io.BytesIO()
    Image.fromarray(np.arange(400, dtype=np.uint8).reshape(20, 20)).save(file, "PNG")
    state = {"upload": SimpleNamespace(getvalue=file.getvalue)}
    monkeypatch.setattr(st, "session_state", state)
    picture_chooser._take("upload")
    monkeypatch.setattr(picture_chooser, "picture_to_image", lambda *a, **b: decoded.append(b) or decode(*a, **b))

    def seen(side: int) -> np.ndarray:
        run = SimpleNamespace(model=ModelConfig(image_size=side, patch_size=4))
        return picture_chooser._uploaded(SimpleNamespace(models=lambda: {"ViT": run})).image

    first = seen(28)
    assert (seen(28) == first).all() and len(decoded) == 1
    assert seen(32).shape == (32, 32, 1) and len(decoded) == 2
    state["invert"] = "exchanged"
    exchanged = seen(28)
    state["invert"] = "as it is"
    assert (seen(28) == 255 - exchanged).all() and len(decoded) == 4
