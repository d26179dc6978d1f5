"""A teacher learns from its pictures, answers about them and their mirror images, and is asked once."""

from __future__ import annotations

import numpy as np
import pytest

from vitviz.training import teacher


@pytest.fixture(scope="module")
def pictures():
    """Pictures of two classes: bright on the left, bright on the right; and a few that say so only in their label."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 512)
    images = random.integers(0, 60, (512, 8, 8, 1)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[:, slice(0, 4) if label else slice(4, 8)] += 150
    return images, labels


def test_a_teacher_answers_about_each_picture_and_about_its_mirror_image(pictures, tmp_path, monkeypatch):
    # mirrored pictures are of the other class here: a teacher that saw them in training could not tell
    monkeypatch.setattr(
        teacher, "SETTINGS", teacher.TrainConfig(epochs=6, batch_size=32, flip=False, learning_rate=3e-3)
    )
    epochs = []
    said = teacher.answers(*pictures, 2, tmp_path / "kept" / "said.npy", lambda done, accuracy: epochs.append(done))
    labels = pictures[1]
    assert said.shape == (2, 512, 2) and said.dtype == np.float16
    np.testing.assert_allclose(said.astype(float).sum(axis=-1), 1, atol=2e-3)
    assert (said[0].argmax(axis=-1) == labels).mean() > 0.95
    assert (said[1].argmax(axis=-1) == 1 - labels).mean() > 0.95
    assert epochs == [1, 2, 3, 4, 5, 6]


def test_answers_are_taken_from_their_file_and_another_sets_answers_are_refused(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(teacher, "train", lambda *_: pytest.fail("It is trained again."))
    kept = np.full((2, 512, 2), 0.5, np.float16)
    np.save(tmp_path / "said.npy", kept)
    np.testing.assert_array_equal(teacher.answers(*pictures, 2, tmp_path / "said.npy"), kept)
    with pytest.raises(ValueError, match="trained anew"):
        teacher.answers(*pictures, 3, tmp_path / "said.npy")


def test_a_teacher_that_was_stopped_goes_on_to_the_same_answers(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(teacher, "SETTINGS", teacher.TrainConfig(epochs=3, batch_size=64, learning_rate=3e-3))
    few = pictures[0][:128], pictures[1][:128], 2
    whole = teacher.answers(*few, tmp_path / "whole.npy")

    def stop(done, accuracy):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        teacher.answers(*few, tmp_path / "stopped.npy", stop)
    epochs = []
    resumed = teacher.answers(*few, tmp_path / "stopped.npy", lambda done, accuracy: epochs.append(done))
    assert epochs == [3]
    np.testing.assert_allclose(resumed, whole, atol=2e-3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stopped.npy", "whole.npy"]


def test_answers_of_another_recipe_have_another_file_and_those_of_the_shipped_models_keep_theirs(monkeypatch):
    assert teacher.file_name("fashion_mnist", 54_000) == "teacher-fashion_mnist-54000.npy"
    shipped = {teacher.file_name("fashion_mnist", 54_000)}
    for name, other in (("WIDTHS", (32, 64)), ("TEMPERATURE", 3.0), ("WARMUP_STEPS", 9),
                        ("SETTINGS", teacher.TrainConfig(epochs=11))):  # fmt: skip
        with monkeypatch.context() as patch:
            patch.setattr(teacher, name, other)
            shipped.add(teacher.file_name("fashion_mnist", 54_000))
    assert len(shipped) == 5
