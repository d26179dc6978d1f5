"""What tests of several rooms share: the real pictures, a browser, and networks that are small enough to test with.

Tests that need the real set or a browser skip with a reason where there is none. With VITVIZ_REQUIRE_DATA=1 or
VITVIZ_REQUIRE_BROWSER=1, as in CI, they fail instead.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from vitviz.config import ModelConfig, TrainConfig
from vitviz.data import Dataset, load
from vitviz.data import find as finding
from vitviz.data.keras_cache import cache_folder
from vitviz.data.mnist_files import IDX_FILES

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).parent))  # for numpy_reference: pytest's importlib mode leaves this folder out

CHROMIUM_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",  # a camera that shows a moving test picture
)  # fmt: skip


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("data"):
        _need_real_fashion_mnist()
    if item.get_closest_marker("browser"):
        _need_browser()


@pytest.fixture(scope="session")
def real_fashion_mnist() -> Dataset:
    """The whole set, from Debian's package or Keras' cache; never downloaded."""
    _need_real_fashion_mnist()
    return load("fashion_mnist")


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    """A Playwright `Browser`: Debian's Chromium, or the one that CHROMIUM names."""
    path = _need_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which(path), args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def tiny_model() -> Callable[..., ModelConfig]:
    """A function: changed settings in, the settings of a network of a few thousand weights out."""

    def make(**changes: object) -> ModelConfig:
        small = {
            "image_size": 8, "patch_size": 2, "classes": 4, "width": 16, "blocks": 2, "heads": 2, "key_dim": 5,
            "feed_forward": 12, "insert_after": 1, "selector_units": 7,
        }  # fmt: skip
        return ModelConfig(**(small | changes))

    return make


@pytest.fixture(scope="session")
def tiny_training() -> Callable[..., TrainConfig]:
    """A function: changed settings in, the settings of a short training out, without any augmentation."""

    def make(**changes: object) -> TrainConfig:
        short = {
            "epochs": 2, "batch_size": 8, "warmup_epochs": 0.0, "schedule": "constant", "weight_decay": 0.0,
            "label_smoothing": 0.0, "flip": False,
        }  # fmt: skip
        return TrainConfig(**(short | changes))

    return make


@pytest.fixture(scope="session")
def tiny_pictures() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """A function: how many and for which network in, pictures that differ by class and their labels out."""

    def make(count: int, config: ModelConfig, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        random = np.random.default_rng(seed)
        shape = (config.image_size, config.image_size, config.channels)
        labels = random.integers(0, config.classes, count)
        typical = np.random.default_rng(99).integers(0, 200, (config.classes, *shape))
        images = typical[labels] + random.integers(0, 56, (count, *shape))
        return images.astype(np.uint8), labels

    return make


@pytest.fixture(scope="session")
def scrambled() -> Callable:
    """A function: a model or a layer in, the same out with a random number in every weight.

    Weights that start at 0 or 1 would hide that they are not used, or used wrongly.
    """

    def scramble(thing, seed: int = 0, scale: float = 0.4):
        random = np.random.default_rng(seed)
        for weight in thing.weights:
            start = 1.0 if weight.path.endswith("gamma") else 0.0
            weight.assign(start + random.normal(scale=scale, size=weight.shape))
        return thing

    return scramble


@pytest.fixture(scope="session")
def names_in() -> Callable[[object], dict[str, np.ndarray]]:
    """A function: a layer or a model in, its weights out, by their names within it."""

    def named(thing) -> dict[str, np.ndarray]:
        return {weight.path.split("/", 1)[1]: weight.numpy() for weight in thing.weights}

    return named


def _need_real_fashion_mnist() -> None:
    packaged = finding.DEBIAN_FASHION_MNIST.is_dir()
    cached = all((cache_folder() / "fashion-mnist" / f"{name}.gz").is_file() for name in IDX_FILES)
    if not packaged and not cached:
        _absent(
            "VITVIZ_REQUIRE_DATA",
            "the real Fashion-MNIST is not on this machine: install Debian's package dataset-fashion-mnist",
        )


def _need_browser() -> str:
    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if shutil.which(path) is None:
        _absent("VITVIZ_REQUIRE_BROWSER", f"there is no browser {path}: install chromium, or set CHROMIUM")
    if importlib.util.find_spec("playwright") is None:
        _absent("VITVIZ_REQUIRE_BROWSER", "the package playwright is not installed")
    return path


def _absent(variable: str, reason: str) -> None:
    if os.environ.get(variable) == "1":
        pytest.fail(f"{reason} ({variable} is 1)", pytrace=False)
    pytest.skip(reason)
