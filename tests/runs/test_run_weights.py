"""Weights are stored in full or half precision."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as shapes

from vitviz.runs import RunError
from vitviz.runs.archive import read_weights, write_weights


def test_compact_weights_take_half_the_room_and_come_back_as_the_nearest_half(store, make_record, weights):
    full, half = store.save(make_record("full"), weights), store.save(make_record("half"), weights, compact=True)
    assert (half / "weights.npz").stat().st_size < 0.55 * (full / "weights.npz").stat().st_size
    with np.load(half / "weights.npz", allow_pickle=False) as archive:
        assert {archive[name].dtype for name in archive.files} == {np.dtype(np.float16)}
    back = store.load("half").weights()
    for name, array in weights.items():
        assert back[name].dtype == np.float32 and back[name].shape == array.shape
        # float16 keeps 11 bits of a number down to 2^-14, and steps of 2^-24 below
        assert (np.abs(back[name] - array) <= np.maximum(np.abs(array) * 2.0**-11, 2.0**-25)).all()


def test_compacting_what_was_compacted_changes_nothing(store, make_record, weights):
    store.save(make_record("once"), weights, compact=True)
    once = store.load("once").weights()
    store.save(make_record("twice"), once, compact=True)
    twice = store.load("twice").weights()
    for name in weights:
        np.testing.assert_array_equal(once[name], twice[name])
    files = [(store.root / id / "weights.npz").read_bytes() for id in ("once", "twice")]
    assert files[0] == files[1]  # the same weights give the same file: version control sees no change


def test_a_weight_beyond_half_precision_is_named_and_nothing_is_left(store, make_record, weights):
    too_large = weights | {"block_1/attention/query_kernel": np.array([1.0, -70000.0, np.nan], np.float32)}
    with pytest.raises(RunError, match="'block_1/attention/query_kernel' reaches 7e\\+04: save this run without"):
        store.save(make_record(), too_large, compact=True)
    assert os.listdir(store.root) == []
    store.save(make_record(), too_large)


@pytest.mark.parametrize("array", [np.array([object()]), np.array(["a"]), np.zeros(2, complex), np.zeros(2, int),
                                   [0.5], 0.5], ids=["object", "text", "complex", "int", "list", "float"])
def test_only_arrays_of_real_numbers_can_be_saved(store, make_record, array):
    with pytest.raises(RunError, match="Weights must be NumPy arrays of real numbers; 'w' is"):
        store.save(make_record(), {"w": array})
    assert os.listdir(store.root) == []


@given(array=shapes.arrays(np.float32, shapes.array_shapes(min_dims=0, min_side=0, max_dims=4, max_side=4),
                           elements=st.floats(width=32)))
def test_any_float32_array_comes_back_bit_by_bit(tmp_path_factory, array):
    path = tmp_path_factory.getbasetemp() / "any.npz"
    write_weights(path, {"a/b/c": array}, compact=False)
    back = read_weights(path)["a/b/c"]
    assert back.shape == array.shape and back.tobytes() == array.tobytes()


def test_transposed_and_double_precision_arrays_are_stored_by_value(tmp_path):
    array = np.arange(6.0).reshape(2, 3).T
    write_weights(tmp_path / "w.npz", {"w": array}, compact=False)
    back = read_weights(tmp_path / "w.npz")["w"]
    np.testing.assert_array_equal(back, array)
    assert back.dtype == np.float32
