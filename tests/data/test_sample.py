"""The bundled sample, and the command that makes it."""

from __future__ import annotations

import numpy as np
import pytest

from vitviz.data import DataError, Dataset, Split, load
from vitviz.data.make_sample import write_sample
from vitviz.data.sample import FILE, FOLDER


def test_the_sample_has_500_and_100_pictures_of_every_class():
    sample = load("fashion_mnist_mini")
    assert np.bincount(sample.train.labels).tolist() == [500] * 10
    assert np.bincount(sample.test.labels).tolist() == [100] * 10
    assert sample.image_shape == (28, 28, 1) and "bundled sample" in sample.source
    assert sample.class_names[9] == "Ankle boot"


def test_any_beginning_and_any_end_of_the_sample_has_the_classes_in_equal_parts():
    sample = load("fashion_mnist_mini")
    for labels in (sample.train.labels, sample.test.labels):
        for n in (10, 50, 100):
            assert np.bincount(labels[:n]).tolist() == np.bincount(labels[-n:]).tolist() == [n // 10] * 10


def test_the_sample_is_small_and_has_its_licence_beside_it():
    assert (FOLDER / FILE).stat().st_size <= 3_000_000
    notice = (FOLDER / "LICENSE").read_text(encoding="utf-8")
    assert "Zalando SE" in notice and "MIT License" in notice and "vitviz.data.make_sample" in notice


def test_a_missing_or_damaged_sample_says_how_to_mend_it(tmp_path):
    with pytest.raises(DataError, match=r"missing: .*python -m vitviz\.data\.make_sample"):
        load("fashion_mnist_mini", folder=tmp_path)
    (tmp_path / FILE).write_bytes((FOLDER / FILE).read_bytes()[:-1000])
    with pytest.raises(DataError, match="cannot be read as a NumPy archive"):
        load("fashion_mnist_mini", folder=tmp_path)


def test_the_sample_takes_the_first_of_every_class_in_file_order_and_knows_their_index(tmp_path):
    rng = np.random.default_rng(0)

    def shuffled(per_class):
        labels = rng.permutation(np.repeat(np.arange(10), per_class))
        return Split(rng.integers(0, 256, (len(labels), 28, 28, 1), np.uint8), labels)

    full = Dataset("fashion_mnist", shuffled(510), shuffled(110), ("",) * 10, "here")
    write_sample(full, tmp_path)
    sample = load("fashion_mnist_mini", folder=tmp_path)
    for split, whole, per_class in ((sample.train, full.train, 500), (sample.test, full.test, 100)):
        assert np.array_equal(split.images, whole.images[split.index])
        for label in range(10):
            of_class = [at for at in range(len(whole)) if whole.labels[at] == label]
            assert split.index[split.labels == label].tolist() == of_class[:per_class]


def test_a_sample_with_another_number_of_a_class_is_refused(tmp_path):
    with np.load(FOLDER / FILE) as archive:
        arrays = dict(archive)
    arrays["test_labels"][0] = (arrays["test_labels"][0] + 1) % 10
    np.savez(tmp_path / FILE, **arrays)
    with pytest.raises(DataError, match="test labels must be 100 of each class 0 to 9"):
        load("fashion_mnist_mini", folder=tmp_path)


@pytest.mark.data
def test_the_sample_is_what_its_command_makes_of_the_real_set(real_fashion_mnist, tmp_path):
    write_sample(real_fashion_mnist, tmp_path)
    made, shipped = load("fashion_mnist_mini", folder=tmp_path), load("fashion_mnist_mini")
    for part in ("train", "test"):
        for field in ("images", "labels", "index"):
            assert np.array_equal(getattr(getattr(made, part), field), getattr(getattr(shipped, part), field))
    index = shipped.test.index
    assert np.array_equal(shipped.test.images, real_fashion_mnist.test.images[index])
