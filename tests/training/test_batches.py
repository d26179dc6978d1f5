"""Batches show every picture once per epoch; augmentation changes what it says and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitviz.config import TrainConfig
from vitviz.training.batches import augment, epoch_batches, fill


def numbered(count: int, side: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Pictures that carry their own number, and labels made of it."""
    numbers = np.arange(count)
    images = np.zeros((count, side, side, 1), np.uint8)
    images[:, 0, 0, 0], images[:, 0, 1, 0] = numbers % 256, numbers // 256
    return images, numbers % 7


def numbers_of(images: np.ndarray) -> np.ndarray:
    return images[:, 0, 0, 0].astype(int) + 256 * images[:, 0, 1, 0].astype(int)


@settings(max_examples=30, deadline=None)
@given(count=st.integers(1, 400), size=st.integers(1, 50), epoch=st.integers(0, 5), seed=st.integers(0, 2**31 - 1))
def test_an_epoch_shows_every_picture_once_with_its_label(count, size, epoch, seed):
    config = TrainConfig(flip=False, batch_size=size, seed=seed)
    batches = list(epoch_batches(*numbered(count), config, epoch))
    assert len(batches) == -(-count // size)
    assert {tuple(array.shape for array in batch[:3]) for batch in batches} == {((size, 3, 3, 1), (size,), (size,))}
    assert {batch[3] for batch in batches} == {None}  # nobody teaches
    images, labels, weights = (np.concatenate(parts) for parts in zip(*[b[:3] for b in batches], strict=True))
    assert set(weights) <= {0, 1} and weights.sum() == count
    assert (weights[:count] == 1).all()  # only the end of the last batch is filled up
    seen = numbers_of(images[weights > 0])
    assert sorted(seen) == list(range(count))
    np.testing.assert_array_equal(labels[weights > 0], seen % 7)


def test_the_order_depends_on_the_seed_and_the_epoch_and_on_nothing_else():
    def order(seed, epoch):
        np.random.seed(epoch + 100 * seed)  # must not matter
        config = TrainConfig(flip=True, shift=1, erase=0.2, batch_size=100, seed=seed)
        batches = epoch_batches(*numbered(100), config, epoch)
        return np.concatenate([images for images, *_ in batches])

    np.testing.assert_array_equal(order(1, 0), order(1, 0))
    assert not np.array_equal(order(1, 0), order(1, 1))
    assert not np.array_equal(order(1, 0), order(2, 0))


def test_the_order_is_shuffled():
    ((images, *_),) = epoch_batches(*numbered(100), TrainConfig(flip=False, batch_size=100), 0)
    assert abs(np.corrcoef(numbers_of(images), np.arange(100))[0, 1]) < 0.4


def test_the_pictures_handed_in_stay_as_they_were():
    images, labels = numbered(20)
    images.flags.writeable = labels.flags.writeable = False
    before = images.copy()
    for _ in epoch_batches(images, labels, TrainConfig(flip=True, shift=1, erase=0.9, batch_size=7), 0):
        pass
    np.testing.assert_array_equal(images, before)


def test_a_full_batch_is_not_filled_up():
    images, labels = numbered(8)
    filled, its_labels, weights = fill(images, labels, 8)
    assert filled.shape == (8, 3, 3, 1) and (weights == 1).all()
    np.testing.assert_array_equal(its_labels, labels)


def test_the_teacher_speaks_of_the_very_picture_that_is_shown_and_of_its_mirror_image_where_that_is_shown():
    images, labels = numbered(90)
    images[:, 0, 2] = 255  # marks the right side
    teacher = np.arange(2 * 90 * 4, dtype=np.float32).reshape(2, 90, 4)
    config = TrainConfig(flip=True, batch_size=40)
    sides = set()
    for shown, _, weights, said in epoch_batches(images, labels, config, 0, teacher):
        assert said.shape == (40, 4) and said.dtype == np.float32
        assert (said[weights == 0] == 0).all()
        for image, what in zip(shown[weights > 0], said[weights > 0], strict=True):
            mirrored = int(image[0, 0, 0] == 255)
            plain = image[:, ::-1] if mirrored else image
            np.testing.assert_array_equal(what, teacher[mirrored, numbers_of(plain[None])[0]])
            sides.add(mirrored)
    assert sides == {0, 1}


@pytest.fixture(params=[1, 3], ids=["grey", "rgb"])
def pictures(request):
    return np.random.default_rng(0).integers(1, 256, (400, 10, 10, request.param)).astype(np.uint8)


def augmented(pictures, **changes):
    config, random = TrainConfig(**({"flip": False} | changes)), np.random.default_rng(5)
    return augment(pictures.copy(), np.zeros(len(pictures), bool), config, random)


def test_without_augmentation_pictures_stay_as_they_are(pictures):
    np.testing.assert_array_equal(augmented(pictures), pictures)


def test_a_flip_mirrors_about_half_of_the_pictures_left_to_right(pictures):
    config = TrainConfig(flip=True, batch_size=len(pictures))
    ((after, order, *_),) = epoch_batches(pictures, np.arange(len(pictures)), config, 0)
    pictures = pictures[order]
    same = (after == pictures).all(axis=(1, 2, 3))
    mirrored = (after == pictures[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (same ^ mirrored).all()
    assert 0.4 < mirrored.mean() < 0.6


@pytest.mark.parametrize("most", [1, 2])
def test_a_shift_moves_each_picture_by_up_to_so_many_pixels_and_fills_with_zeros(pictures, most):
    after = augmented(pictures, shift=most)
    moves = [(down, right) for down in range(-most, most + 1) for right in range(-most, most + 1)]
    found = {move: 0 for move in moves}
    for old, new in zip(pictures, after, strict=True):
        fitting = []
        for down, right in moves:
            moved = np.zeros_like(old)
            rows, columns = np.arange(10) - down, np.arange(10) - right
            inside = np.ix_((rows >= 0) & (rows < 10), (columns >= 0) & (columns < 10))
            moved[inside] = old[np.ix_(rows[(rows >= 0) & (rows < 10)], columns[(columns >= 0) & (columns < 10)])]
            if np.array_equal(moved, new):
                fitting.append((down, right))
        assert len(fitting) == 1
        found[fitting[0]] += 1
    assert min(found.values()) > 0, "some move never happens"


def test_erasing_puts_one_rectangle_of_one_grey_into_about_that_share_of_pictures(pictures):
    after = augmented(pictures, erase=0.5)
    changed = (after != pictures).any(axis=-1)
    touched = changed.any(axis=(1, 2))
    assert 0.4 < touched.mean() < 0.6
    areas = []
    for old, new, where in zip(pictures[touched], after[touched], changed[touched], strict=True):
        rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
        hole = new[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert len(np.unique(hole)) == 1
        outside = np.ones((10, 10), bool)
        outside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = False
        np.testing.assert_array_equal(new[outside], old[outside])
        areas.append(hole.shape[0] * hole.shape[1] / 100)
    assert max(areas) <= 0.2 + 1e-9
    assert 0.02 < np.mean(areas) < 0.2


def test_every_corner_can_be_erased():
    white = np.full((3000, 10, 10, 1), 255, np.uint8)
    gone = (augmented(white, erase=0.99) != 255).any(axis=(0, 3))
    assert gone.all()
