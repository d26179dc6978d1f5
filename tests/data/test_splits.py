"""Class subsets, limits and what is held out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitviz.data import DataError, Split, hold_out, load
from vitviz.data.splits import choose


def numbered(n: int) -> Split:
    return Split(np.zeros((n, 2, 2, 1), np.uint8), np.arange(n) % 4)


labels_of = st.lists(st.integers(0, 5), min_size=1, max_size=60).map(np.array)


@settings(deadline=None)
@given(labels_of, st.integers(2, 6), st.one_of(st.none(), st.integers(1, 70)))
def test_the_chosen_pictures_are_in_order_and_every_class_is_there_where_it_fits(labels, classes, limit):
    kept = choose(labels, classes=classes, limit=limit)
    wanted = [at for at, label in enumerate(labels) if label < classes]
    assert list(kept) == sorted(set(kept)) and set(kept) <= set(wanted)
    assert len(kept) == (len(wanted) if limit is None else min(limit, len(wanted)))
    present = len({labels[at] for at in wanted})
    assert len(set(labels[kept])) >= min(present, len(kept))


@settings(deadline=None)
@given(labels_of, st.integers(1, 70))
def test_a_limit_keeps_simply_the_first_where_these_hold_every_class(labels, limit):
    if set(labels[:limit]) == set(labels):
        assert list(choose(labels, classes=6, limit=limit)) == list(range(min(limit, len(labels))))


def test_a_class_that_the_first_pictures_miss_replaces_the_latest_one():
    assert list(choose(np.array([0, 0, 0, 1, 2]), classes=3, limit=3)) == [0, 3, 4]
    assert list(choose(np.array([0, 0, 0, 1, 2]), classes=3, limit=4)) == [0, 1, 3, 4]


def test_load_applies_the_limit_after_the_class_subset_to_both_splits():
    whole = load("fashion_mnist_mini")
    some = load("fashion_mnist_mini", classes=4, limit=50)
    first = np.flatnonzero(whole.train.labels < 4)[:50]
    assert np.array_equal(some.train.images, whole.train.images[first])
    assert np.array_equal(some.train.index, whole.train.index[first])
    assert len(some.test) == 50 and set(some.test.labels) == {0, 1, 2, 3}
    assert some.class_names == ("T-shirt/top", "Trouser", "Pullover", "Dress")


@settings(deadline=None)
@given(st.integers(2, 5000), st.floats(0.01, 0.99))
def test_the_last_pictures_are_held_out_as_keras_cuts_them(n, fraction):
    n_train = math.floor(n * (1.0 - fraction))
    if n_train in (0, n):
        with pytest.raises(DataError, match="one part would be empty"):
            hold_out(numbered(n), fraction)
        return
    train, validation = hold_out(numbered(n), fraction)
    assert list(train.index) == list(range(n_train)) and list(validation.index) == list(range(n_train, n))


def test_the_tutorials_third_leaves_503_batches():
    train, validation = hold_out(numbered(24_000), 0.33)
    assert (len(train), len(validation)) == (16_079, 7_921) and math.ceil(len(train) / 32) == 503


def test_a_fraction_of_nothing_holds_nothing_out():
    train, validation = hold_out(numbered(8), 0.0)
    assert len(train) == 8 and len(validation) == 0


@pytest.mark.parametrize("fraction", [-0.1, 1.0, float("nan")])
def test_a_fraction_out_of_range_is_refused(fraction):
    with pytest.raises(DataError, match="at least 0 and below 1"):
        hold_out(numbered(8), fraction)


def test_nobody_can_change_a_split_that_others_share():
    pixels = np.zeros((3, 2, 2, 1), np.uint8)
    split = Split(pixels, np.zeros(3))
    with pytest.raises(ValueError, match="read-only"):
        split.images[0] = 1
    pixels[0] = 1  # the caller's own array stays its own


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (np.zeros((3, 2, 2, 1)), np.zeros(3)),
        (np.zeros((3, 2, 2), np.uint8), np.zeros(3)),
        (np.zeros((3, 2, 2, 2), np.uint8), np.zeros(3)),
        (np.zeros((3, 2, 2, 1), np.uint8), np.zeros(2)),
    ],
)
def test_arrays_that_do_not_fit_together_make_no_split(images, labels):
    with pytest.raises(DataError):
        Split(images, labels)
