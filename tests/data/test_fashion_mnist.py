"""The published sets: where they are looked for, in which order, and what is said when one is damaged."""

from __future__ import annotations

import gzip
import subprocess
import sys
import types

import numpy as np
import pytest

from vitviz.data import NAMES, DataError, load
from vitviz.data import find as finding


@pytest.fixture
def keras_calls(monkeypatch, four_files):
    """A stand-in for Keras whose loaders note that they were called; `failing` makes the download fail."""
    calls = types.SimpleNamespace(names=[], failing=False)

    def loader(name, side, channels):
        def load_data():
            calls.names.append(name)
            if calls.failing:
                raise Exception("URL fetch failure on https://example.org: None -- no route\nto host")  # as Keras does
            shape = (40, side, side) if channels == 1 else (40, side, side, channels)
            labels = np.arange(40) % 10
            images = np.zeros(shape, np.uint8)
            return (images, labels.reshape(-1, 1)), (images[:20], labels[:20].reshape(-1, 1))

        return types.SimpleNamespace(load_data=load_data)

    datasets = types.SimpleNamespace(
        fashion_mnist=loader("fashion_mnist", 28, 1),
        mnist=loader("mnist", 28, 1),
        cifar10=loader("cifar10", 32, 3),
        cifar100=loader("cifar100", 32, 3),
    )
    fake = types.ModuleType("keras")
    fake.datasets = datasets
    monkeypatch.setitem(sys.modules, "keras", fake)
    return calls


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", ["fashion_mnist", "mnist"])
def test_a_named_folder_gives_its_pictures_and_labels(small_sets, four_files, tmp_path, name, zipped):
    folder = four_files.write(tmp_path / "mine", zipped=zipped)
    found = load(name, folder=folder)
    assert np.array_equal(found.train.images, four_files.train_images[..., None])
    assert np.array_equal(found.train.labels, four_files.train_labels)
    assert np.array_equal(found.test.images, four_files.test_images[..., None])
    assert np.array_equal(found.test.labels, four_files.test_labels)
    assert found.train.images.dtype == np.uint8 and found.train.labels.dtype == np.int64
    assert found.name == name and str(folder) in found.source and len(found.class_names) == 10


def test_a_sub_folder_with_the_sets_name_is_found(small_sets, four_files, tmp_path):
    four_files.write(tmp_path / "datasets" / "fashion-mnist")
    assert len(load("fashion_mnist", folder=str(tmp_path / "datasets")).train) == 40


def test_the_named_folder_comes_before_debian_before_keras_cache_before_a_download(
    small_sets, four_files, tmp_path, monkeypatch, keras_calls
):
    assert load("fashion_mnist").source == "downloaded through Keras" and keras_calls.names == [
        "fashion_mnist"
    ]
    four_files.write(tmp_path / "keras" / "datasets" / "fashion-mnist")
    assert load("fashion_mnist").source == "Keras' cache"
    monkeypatch.setattr(finding, "DEBIAN_FASHION_MNIST", four_files.write(tmp_path / "debian"))
    assert load("fashion_mnist").source == "Debian's package dataset-fashion-mnist"
    named = four_files.write(tmp_path / "named")
    assert load("fashion_mnist", folder=named).source == f"the folder {named}"
    assert keras_calls.names == ["fashion_mnist"]


def test_a_named_folder_without_the_set_is_an_error_and_not_a_reason_to_look_elsewhere(
    small_sets, four_files, tmp_path, monkeypatch
):
    monkeypatch.setattr(finding, "DEBIAN_FASHION_MNIST", four_files.write(tmp_path / "debian"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        DataError, match="empty does not hold Fashion-MNIST: expected train-images-idx3-ubyte"
    ):
        load("fashion_mnist", folder=tmp_path / "empty")
    with pytest.raises(DataError, match="does not exist"):
        load("fashion_mnist", folder=tmp_path / "absent")


def test_a_folder_with_some_of_the_four_files_names_the_missing_one(small_sets, four_files, tmp_path):
    folder = four_files.write(tmp_path / "mine")
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte .* must be there too"):
        load("fashion_mnist", folder=folder)


def test_test_files_under_the_names_of_training_files_are_refused_by_their_count(
    small_sets, four_files, tmp_path
):
    folder = four_files.write(tmp_path / "mine")
    (folder / "t10k-images-idx3-ubyte.gz").replace(folder / "train-images-idx3-ubyte.gz")
    four_files.__class__(*([four_files.test_images, four_files.test_labels] * 2)).write(folder)
    with pytest.raises(
        DataError, match=r"train-images-idx3-ubyte\.gz must hold 40 × 28 × 28 .* says 20 × 28 × 28"
    ):
        load("fashion_mnist", folder=folder)


def test_a_label_that_is_no_class_is_refused(small_sets, four_files, tmp_path):
    folder = four_files.write(tmp_path / "mine")
    path = folder / "train-labels-idx1-ubyte.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[-1] = 10
    path.write_bytes(gzip.compress(content))
    with pytest.raises(DataError, match=r"labels 0 to 9, but the training labels .* run from 0 to 10"):
        load("fashion_mnist", folder=folder)


def test_a_damaged_file_in_keras_cache_is_named_with_the_way_out(small_sets, four_files, tmp_path):
    folder = four_files.write(tmp_path / "keras" / "datasets" / "fashion-mnist")
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(
        DataError, match=r"train-images-idx3-ubyte\.gz is truncated.*Keras downloads it afresh"
    ):
        load("fashion_mnist")


def test_a_stopped_download_in_keras_cache_is_gone_on_with_by_keras(
    small_sets, four_files, tmp_path, keras_calls
):
    folder = four_files.write(tmp_path / "keras" / "datasets" / "fashion-mnist")
    (folder / "t10k-images-idx3-ubyte.gz").unlink()
    load("fashion_mnist")
    assert keras_calls.names == ["fashion_mnist"]


@pytest.mark.parametrize("name", ["fashion_mnist", "mnist", "cifar10", "cifar100"])
def test_without_a_network_the_error_is_one_line_that_tells_the_ways_out(small_sets, keras_calls, name):
    keras_calls.failing = True
    with pytest.raises(DataError) as caught:
        load(name)
    message = str(caught.value)
    assert "\n" not in message and "no route to host" in message
    assert "--data-dir" in message and "fashion_mnist_mini" in message
    assert ("dataset-fashion-mnist" in message) == (name == "fashion_mnist")


def test_keras_labels_in_a_column_become_a_row(small_sets, keras_calls):
    found = load("cifar10")
    assert found.train.labels.shape == (40,) and found.image_shape == (32, 32, 3)


@pytest.mark.parametrize("place", ["named", "cache"])
def test_mnist_is_read_from_keras_archive(small_sets, four_files, tmp_path, place):
    folder = tmp_path / ("mine" if place == "named" else "keras/datasets")
    folder.mkdir(parents=True)
    np.savez(
        folder / "mnist.npz",
        x_train=four_files.train_images,
        y_train=four_files.train_labels,
        x_test=four_files.test_images,
        y_test=four_files.test_labels,
    )
    found = load("mnist", folder=folder if place == "named" else None)
    assert np.array_equal(found.train.images[..., 0], four_files.train_images)
    assert np.array_equal(found.test.labels, four_files.test_labels)


def test_an_archive_with_pickled_objects_is_refused_unopened(small_sets, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("it was unpickled",))

    np.savez(tmp_path / "mnist.npz", x_train=np.array([Bomb()], object), y_train=0, x_test=0, y_test=0)
    with pytest.raises(DataError, match=r"mnist\.npz cannot be read as a NumPy archive"):
        load("mnist", folder=tmp_path)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04 half an archive", b"\x93NUMPY\x01\x00"])
def test_a_file_that_is_no_archive_is_refused_by_name(small_sets, tmp_path, content):
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"mnist\.npz cannot be read as a NumPy archive"):
        load("mnist", folder=tmp_path)


def test_an_archive_without_an_array_or_with_another_count_says_so(small_sets, four_files, tmp_path):
    parts = {
        "x_train": four_files.train_images,
        "y_train": four_files.train_labels,
        "x_test": four_files.test_images,
    }
    np.savez(tmp_path / "mnist.npz", **parts)
    with pytest.raises(DataError, match="no array called 'y_test'"):
        load("mnist", folder=tmp_path)
    np.savez(tmp_path / "mnist.npz", **parts, y_test=four_files.test_labels[:-1])
    with pytest.raises(DataError, match=r"y_test must be whole numbers of shape \(20,\).*\(19,\)"):
        load("mnist", folder=tmp_path)


@pytest.mark.parametrize(("name", "label_bytes"), [("cifar10", 1), ("cifar100", 2)])
def test_cifar_is_read_from_its_binary_version(small_sets, tmp_path, name, label_bytes):
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (60, 32, 32, 3), np.uint8)
    labels = rng.integers(0, 10, 60).astype(np.uint8)
    records = [
        bytes([19] * (label_bytes - 1))
        + bytes([label])
        + b"".join(picture[:, :, c].tobytes() for c in range(3))
        for picture, label in zip(pixels, labels, strict=True)
    ]
    parts = {f"data_batch_{k + 1}.bin": records[8 * k : 8 * k + 8] for k in range(5)} | {
        "test_batch.bin": records[40:]
    }
    if name == "cifar100":
        parts = {"train.bin": records[:40], "test.bin": records[40:]}
    for file, content in parts.items():
        (tmp_path / file).write_bytes(b"".join(content))
    found = load(name, folder=tmp_path)
    assert np.array_equal(found.train.images, pixels[:40]) and np.array_equal(found.train.labels, labels[:40])
    assert np.array_equal(found.test.images, pixels[40:]) and np.array_equal(found.test.labels, labels[40:])
    last = tmp_path / list(parts)[-1]
    last.write_bytes(last.read_bytes()[:-1])
    with pytest.raises(DataError, match=rf"{last.name} must be {20 * (3072 + label_bytes):,} bytes long"):
        load(name, folder=tmp_path)


def test_pickled_cifar_files_in_a_named_folder_are_not_read(small_sets, tmp_path):
    (tmp_path / "data_batch_1").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(DataError, match="pickled files are never read"):
        load("cifar10", folder=tmp_path)


def test_an_unknown_name_lists_the_names():
    with pytest.raises(DataError, match=r"'fashion'.*fashion_mnist, fashion_mnist_mini, mnist"):
        load("fashion")
    assert set(NAMES) == {"fashion_mnist", "fashion_mnist_mini", "mnist", "cifar10", "cifar100", "folder"}


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_that_the_system_refuses_is_a_data_error(name):
    with pytest.raises(DataError):
        load(name, folder="x" * 5000)


def test_another_size_and_rgb_are_made_where_asked(small_sets, four_files, tmp_path):
    found = load("fashion_mnist", folder=four_files.write(tmp_path / "mine"), image_size=14, channels=3)
    means = four_files.train_images.reshape(-1, 14, 2, 14, 2).mean((2, 4))
    assert found.image_shape == (14, 14, 3)
    assert np.abs(found.train.images - means[..., None]).max() <= 1  # rounded once per axis


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"classes": 11}, "classes must be from 2 to 10.*not 11"),
        ({"classes": 1}, "classes must be from 2 to 10.*not 1"),
        ({"limit": 0}, "limit must be at least 1"),
        ({"image_size": 0}, "image_size must be from 1"),
        ({"channels": 2}, "channels must be 1"),
    ],
)
def test_a_bad_value_is_refused_with_its_rule(options, rule):
    with pytest.raises(DataError, match=rule):
        load("fashion_mnist_mini", **options)


def test_importing_the_package_imports_no_tensorflow():
    code = "import sys, vitviz.data; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.data
def test_the_real_set_has_its_published_counts(real_fashion_mnist):
    full = real_fashion_mnist
    assert full.train.images.shape == (60_000, 28, 28, 1) and full.test.images.shape == (10_000, 28, 28, 1)
    assert np.array_equal(np.bincount(full.train.labels), [6_000] * 10)
    assert np.array_equal(np.bincount(full.test.labels), [1_000] * 10)
    # The mean and the deviation of Fashion-MNIST's training pixels, as widely published: 0.2860 and 0.3530.
    pixels = full.train.images / np.float32(255)
    assert pixels.mean(dtype=np.float64) == pytest.approx(0.2860, abs=5e-5)
    assert pixels.std(dtype=np.float64) == pytest.approx(0.3530, abs=5e-5)
    assert full.class_names[full.train.labels[0]] == "Ankle boot"


@pytest.mark.data
def test_four_classes_of_the_real_set_are_the_tutorials_counts(real_fashion_mnist):
    from vitviz.data.splits import choose

    kept = choose(real_fashion_mnist.train.labels, classes=4, limit=None)
    assert len(kept) == 24_000
    assert len(choose(real_fashion_mnist.test.labels, classes=4, limit=None)) == 4_000
