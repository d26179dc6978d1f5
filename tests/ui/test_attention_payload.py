"""The bytes that the attention explorer sends, read here once more from the words of payload.py alone."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitviz.ui.attention_explorer import ExplorerModel, View
from vitviz.ui.attention_explorer.payload import pack

COLOURS = ["#000000", "#ffffff"]


def attention_of(tokens: int, *, heads: int = 4, sharpness: float = 3.0, seed: int = 0) -> np.ndarray:
    """`(heads, tokens, tokens)`, rows sum to 1."""
    weights = np.exp(np.random.default_rng(seed).normal(scale=sharpness, size=(heads, tokens, tokens)))
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)


def pair(tokens: int, n_maps: int = 8, *, layers: int = 4, heads: int = 4) -> list[ExplorerModel]:
    """A ViT and a fast ViT whose TokenLearner stands in the middle."""
    whole = [attention_of(tokens, heads=heads, seed=k) for k in range(layers)]
    learned = [attention_of(n_maps, heads=heads, seed=k) for k in range(layers // 2)]
    maps = np.random.default_rng(1).uniform(size=(tokens, n_maps)).astype(np.float32)
    fast = ExplorerModel("Fast ViT", "#ff0000", whole[: layers // 2] + learned, [maps], [layers // 2])
    return [ExplorerModel("ViT", "#0000ff", whole), fast]


def packed(models: list[ExplorerModel], *, side: int = 28, patch: int = 4, **extra: object) -> bytes:
    image = np.random.default_rng(2).integers(0, 256, (side, side, 1))
    return pack(image.astype(np.float32), models, patch_size=patch, colours=COLOURS, extra=extra)


def header_and_body(data: bytes) -> tuple[dict, bytes]:
    length = int.from_bytes(data[:4], "little")
    assert length % 4 == 0
    return json.loads(data[4 : 4 + length]), data[4 + length :]


def read(section: dict, body: bytes) -> np.ndarray:
    assert section["at"] % 4 == 0
    size = int(np.prod(section["shape"]))
    kinds = {"float32": "<f4", "float16": "<f2", "uint8": "u1", "row-uint8": "u1"}
    values = np.frombuffer(body, kinds[section["type"]], size, section["at"]).astype(float).reshape(section["shape"])
    if section["type"] != "row-uint8":
        return values
    *rows, _ = section["shape"]
    largest = np.frombuffer(body, "<f4", int(np.prod(rows)), section["max_at"]).reshape(*rows, 1)
    return values / 255 * largest


def test_attention_of_small_grids_keeps_three_digits():
    models = pair(49)
    header, body = header_and_body(packed(models))
    for model, described in zip(models, header["models"], strict=True):
        for layer, section in zip(model.attention, described["layers"], strict=True):
            assert section["attention"]["type"] == "float16"
            np.testing.assert_allclose(read(section["attention"], body), layer, rtol=2**-11, atol=2**-25)
    assert header["digits"] == 3


def test_attention_of_large_grids_is_within_a_510th_of_the_largest_weight_of_its_row():
    models = pair(196)
    header, body = header_and_body(packed(models, patch=2))
    for model, described in zip(models, header["models"], strict=True):
        for layer, section in zip(model.attention, described["layers"], strict=True):
            assert section["attention"]["type"] == "row-uint8"
            wrong = np.abs(read(section["attention"], body) - layer)
            assert (wrong <= layer.max(axis=-1, keepdims=True) / 510 + 1e-7).all()
    assert header["digits"] == 2


@settings(deadline=None, max_examples=30)
@given(peak=st.floats(1e-6, 1.0), seed=st.integers(0, 99))
def test_rows_of_any_height_come_back(peak, seed):
    rows = np.random.default_rng(seed).uniform(size=(4, 196, 196)).astype(np.float32) * np.float32(peak)
    header, body = header_and_body(packed([ExplorerModel("ViT", "#0000ff", [rows])], patch=2))
    wrong = np.abs(read(header["models"][0]["layers"][0]["attention"], body) - rows)
    assert (wrong <= rows.max(axis=-1, keepdims=True) / 510 * 1.001).all()


def test_weight_maps_and_picture_come_back_exactly():
    models = pair(49, n_maps=5)
    image = np.random.default_rng(3).integers(0, 256, (28, 28, 3)).astype(np.float32)
    header, body = header_and_body(pack(image, models, patch_size=4, colours=COLOURS))
    np.testing.assert_array_equal(read(header["image"], body), image)
    (learner,) = header["models"][1]["learners"]
    np.testing.assert_array_equal(read(learner["maps"], body), models[1].weight_maps[0])
    assert learner["before"] == 2
    assert header["models"][0]["learners"] == []


def test_every_layer_says_whose_tokens_it_reads():
    maps = [np.ones((49, 6), np.float32), np.ones((49, 6), np.float32)]
    attention = [attention_of(49), attention_of(6), attention_of(6), attention_of(6)]
    header, _ = header_and_body(packed([ExplorerModel("Fast ViT", "#ff0000", attention, maps, [1, 3])]))
    assert [layer["learner"] for layer in header["models"][0]["layers"]] == [-1, 0, 0, 1]


def test_both_models_at_patch_size_4_fit_into_300_kilobytes():
    assert len(packed(pair(49))) < 300_000


def test_a_distance_that_does_not_exist_is_none():
    model = ExplorerModel("ViT", "#0000ff", [attention_of(49)], distance=np.array([[1.25, np.nan]]))
    header, _ = header_and_body(packed([model]))
    assert header["models"][0]["distance"] == [[1.25, None]]


def test_the_digest_follows_the_arrays_and_not_the_request():
    def digest(models, **extra):
        return header_and_body(packed(models, **extra))[0]["digest"]

    models, others = pair(49), pair(49, n_maps=9)
    assert digest(models, request=1) == digest(models, request=2)
    assert digest(models) != digest(others)


@pytest.mark.parametrize(
    ("models", "words"),
    [
        ([], "one or two models"),
        (pair(49) + pair(49), "one or two models"),
        ([pair(49)[0], pair(25)[1]], "cut the picture alike"),
        ([ExplorerModel("ViT", "#0000ff", [attention_of(48)])], "square grid"),
        ([ExplorerModel("Fast", "#0000ff", [attention_of(49)], [np.ones((49, 4))], [0])], r"layer 1: .*4, 4"),
        ([ExplorerModel("Fast", "#0000ff", [attention_of(4)], [np.ones((49, 4))])], "its place"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_with_the_reason(models, words):
    with pytest.raises(ValueError, match=words):
        packed(models)


def test_a_view_survives_a_link():
    view = View(pinned="t1.0.3", heads="rollout", direction="to", scale="shared", overlay="off", map="1.3.0")
    assert View.from_query(view.to_query()) == view
    assert set(View().to_query().values()) == {None}


@pytest.mark.parametrize("bad", ["", "99999,1", "1,2;", "t2.0.1", "<b>", "١,٢", "1,2\n"])
def test_a_link_that_makes_no_sense_is_ignored(bad):
    assert View.from_query(dict.fromkeys(("pin", "heads", "direction", "scale", "overlay", "map"), bad)) == View()
