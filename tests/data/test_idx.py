"""The IDX reader, fed with what a disk, a network or a person may hand it."""

from __future__ import annotations

import gzip
import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from vitviz.data import DataError
from vitviz.data.idx import read_idx

arrays = npst.arrays(np.uint8, npst.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=6))


def packed(values: np.ndarray, kind: int = 0x08) -> bytes:
    return struct.pack(f">BBBB{values.ndim}I", 0, 0, kind, values.ndim, *values.shape) + values.tobytes()


def read_bytes(content: bytes, shape: tuple[int, ...]) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "values-idx"
        path.write_bytes(content)
        return read_idx(path, shape)


@settings(deadline=None)
@given(arrays, st.booleans())
def test_what_was_written_is_read_back_plain_or_gzipped(values, zipped):
    content = gzip.compress(packed(values)) if zipped else packed(values)
    assert np.array_equal(read_bytes(content, values.shape), values)


@settings(deadline=None)
@given(arrays, st.booleans(), st.data())
def test_a_file_cut_anywhere_is_refused_by_name(values, zipped, data):
    content = gzip.compress(packed(values)) if zipped else packed(values)
    cut = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(DataError, match="values-idx"):
        read_bytes(content[:cut], values.shape)


@settings(deadline=None)
@given(arrays, st.booleans(), st.binary(min_size=1, max_size=9))
def test_a_file_that_is_too_long_is_refused_with_the_count_that_was_expected(values, zipped, more):
    content = packed(values) + more
    with pytest.raises(DataError, match=f"must hold {values.size} values after its header.*more"):
        read_bytes(gzip.compress(content) if zipped else content, values.shape)


@settings(deadline=None)
@given(arrays, st.binary(min_size=4, max_size=4))
def test_another_magic_number_is_refused_and_both_are_shown(values, magic):
    expected = packed(values)[:4]
    if magic == expected or magic[:2] == b"\x1f\x8b":
        return
    with pytest.raises(
        DataError, match=f"must start with {expected.hex(' ')}, but starts with {magic.hex(' ')}"
    ):
        read_bytes(magic + packed(values)[4:], values.shape)


@settings(deadline=None)
@given(arrays, st.data())
def test_a_header_with_another_count_is_refused_and_both_counts_are_shown(values, data):
    axis = data.draw(st.integers(0, values.ndim - 1))
    length = data.draw(st.integers(0, 2**32 - 1).filter(lambda n: n != values.shape[axis]))
    shape = list(values.shape)
    shape[axis] = length
    content = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *shape) + values.tobytes()
    with pytest.raises(DataError, match=f"must hold {' × '.join(map(str, values.shape))} values.*{length:,}"):
        read_bytes(content, values.shape)


@settings(deadline=None)
@given(arrays, st.data())
def test_a_flipped_byte_in_a_gzip_stream_gives_the_right_values_or_a_data_error(values, data):
    content = bytearray(gzip.compress(packed(values)))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    try:
        # The gzip header holds a name and a time, whose bytes do not matter.
        assert np.array_equal(read_bytes(bytes(content), values.shape), values)
    except DataError as error:
        assert "values-idx" in str(error)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_arbitrary_bytes_never_raise_anything_but_a_data_error(content):
    with pytest.raises(DataError):
        read_bytes(content, (2, 28, 28))


def test_a_file_of_floats_is_refused_as_another_kind(tmp_path):
    path = tmp_path / "floats"
    path.write_bytes(packed(np.zeros(4, np.uint8), kind=0x0D))
    with pytest.raises(DataError, match="not an IDX file of unsigned bytes"):
        read_idx(path, (4,))


def test_a_truncated_gzip_file_says_what_it_should_have_held(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    whole = gzip.compress(packed(np.random.default_rng(0).integers(0, 256, (9, 28, 28), np.uint8)))
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(
        DataError, match=r"train-images-idx3-ubyte\.gz is truncated: it must hold 9 × 28 × 28 values"
    ):
        read_idx(path, (9, 28, 28))


def test_a_missing_file_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="absent cannot be read"):
        read_idx(tmp_path / "absent", (1,))
