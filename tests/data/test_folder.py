"""A folder of the user's own pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from vitviz.data import DataError, load


def paint(path, value, *, mode="L", size=(9, 7), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(path, **options)


@pytest.fixture
def animals(tmp_path):
    """20 cats and 20 dogs; each picture's grey value is its own number, dogs from 100."""
    for at in range(20):
        paint(tmp_path / "cat" / f"{at:02}.png", at)
        paint(tmp_path / "dog" / "deeper" / f"{at:02}.png", 100 + at)
    return tmp_path


def values(split):
    return split.images[:, 0, 0, 0].tolist()


def test_every_picture_is_in_one_split_with_its_class(animals):
    found = load("folder", folder=animals, image_size=8)
    assert found.class_names == ("cat", "dog") and found.image_shape == (8, 8, 1)
    assert sorted(values(found.train) + values(found.test)) == [*range(20), *range(100, 120)]
    for split in (found.train, found.test):
        assert [value >= 100 for value in values(split)] == [label == 1 for label in split.labels]
    assert np.bincount(found.test.labels).tolist() == [3, 3]  # 15% of 20


def test_the_seed_decides_the_division_and_nothing_else_does(animals):
    first, again = (load("folder", folder=animals, seed=3) for _ in range(2))
    other = load("folder", folder=animals, seed=4)
    assert values(first.train) == values(again.train) and values(first.test) == values(again.test)
    assert values(first.test) != values(other.test)


def test_training_pictures_are_mixed_so_that_a_held_out_end_has_every_class(animals):
    labels = load("folder", folder=animals).train.labels
    assert set(labels[-10:]) == {0, 1}


def test_the_index_names_a_picture_in_the_sorted_listing(animals):
    found = load("folder", folder=animals)
    expected = [index if index < 20 else 100 + index - 20 for index in found.train.index]
    assert values(found.train) == expected


def test_train_and_test_folders_are_taken_as_they_are(tmp_path):
    for at in range(3):
        for label, name in enumerate(("a", "b")):
            paint(tmp_path / "train" / name / f"{at}.png", 10 * label + at)
            paint(tmp_path / "test" / name / f"{at}.bmp", 100 + 10 * label + at)
    found = load("folder", folder=tmp_path)
    assert sorted(values(found.train)) == [0, 1, 2, 10, 11, 12]
    assert sorted(values(found.test)) == [100, 101, 102, 110, 111, 112]
    paint(tmp_path / "test" / "c" / "0.png", 0)
    with pytest.raises(DataError, match="only one of them has c"):
        load("folder", folder=tmp_path)


@pytest.mark.parametrize("size", [(5, 5), (300, 40), (40, 300), (1, 1), (1, 90)])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "LA"])
def test_pictures_of_any_size_and_mode_fit(tmp_path, size, mode):
    for name in "ab":
        for at in range(2):
            paint(tmp_path / name / f"{at}.png", 0, mode=mode, size=size)
    assert load("folder", folder=tmp_path, image_size=6, channels=3).train.images.shape == (2, 6, 6, 3)


def test_one_coloured_picture_makes_the_set_rgb_and_grey_stored_as_rgb_does_not(animals):
    paint(animals / "cat" / "grey.jpg", (70, 70, 70), mode="RGB")
    assert load("folder", folder=animals).image_shape == (28, 28, 1)
    paint(animals / "cat" / "red.png", (200, 0, 0), mode="RGB")
    assert load("folder", folder=animals).image_shape == (28, 28, 3)
    assert load("folder", folder=animals, channels=1).image_shape == (28, 28, 1)


def test_the_middle_square_is_kept(tmp_path):
    for name in "ab":
        for at in range(2):
            picture = Image.new("L", (30, 10), 0)
            picture.paste(200, (10, 0, 20, 10))
            (tmp_path / name).mkdir(exist_ok=True)
            picture.save(tmp_path / name / f"{at}.png")
    assert (load("folder", folder=tmp_path, image_size=5).train.images == 200).all()


def test_unreadable_pictures_are_named(animals):
    (animals / "cat" / "broken.png").write_bytes(b"not a picture")
    whole = (animals / "dog" / "deeper" / "00.png").read_bytes()
    (animals / "dog" / "half.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError) as caught:
        load("folder", folder=animals)
    assert "broken.png" in str(caught.value) and "half.png" in str(caught.value)


def test_files_that_are_no_pictures_and_hidden_ones_are_passed_over(animals):
    (animals / "cat" / "notes.txt").write_text("my cats")
    (animals / "cat" / "._01.png").write_bytes(b"what a Mac leaves behind")
    (animals / ".cache").mkdir()
    assert len(load("folder", folder=animals).train) == 34


def test_an_empty_class_folder_is_named(animals):
    (animals / "eel").mkdir()
    with pytest.raises(DataError, match=r"no pictures .* in eel"):
        load("folder", folder=animals)


def test_a_class_with_one_picture_is_named(animals):
    paint(animals / "eel" / "only.png", 1)
    with pytest.raises(DataError, match="eel holds one picture"):
        load("folder", folder=animals)


def test_classes_and_limit_apply_to_a_folder_too(animals):
    paint(animals / "eel" / "1.png", 1)
    paint(animals / "eel" / "2.png", 2)
    found = load("folder", folder=animals, classes=2, limit=5)
    assert found.class_names == ("cat", "dog") and len(found.train) == 5 and len(found.test) == 5
    assert set(found.train.labels) == set(found.test.labels) == {0, 1}


def test_a_folder_without_two_classes_or_without_a_name_is_refused(tmp_path):
    paint(tmp_path / "only" / "1.png", 1)
    with pytest.raises(DataError, match=r"at least two sub-folders.*holds 1"):
        load("folder", folder=tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        load("folder", folder=tmp_path / "absent")
    with pytest.raises(DataError, match="--data-dir"):
        load("folder")


@pytest.mark.parametrize(("path", "words"), [("~nosuchuser/x", "write out the whole path"), ("a\0b", "leave it out")])
@pytest.mark.parametrize("name", ["folder", "mnist", "fashion_mnist_mini"])
def test_a_path_that_can_be_none_is_refused_in_a_sentence(name, path, words):
    with pytest.raises(DataError, match=words):
        load(name, folder=path)
