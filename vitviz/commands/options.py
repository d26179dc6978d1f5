"""The options that several commands share, and what they mean as settings."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from vitviz.config import DATASETS, PRESETS, ModelConfig, Preset, TrainConfig, preset

if TYPE_CHECKING:
    from vitviz.data import Dataset

SPLITS = ("train", "validation", "test")

# option, type, metavar, help; the name of the setting is the option's
MODEL_OPTIONS = (
    ("patch-size", int, "P", "side of a patch in pixels"),
    ("insert-after", int, "K", "blocks before the TokenLearner"),
    ("token-learner", str, "VERSION", "v1 (convolutions, sigmoid) or v1.1 (MLP, softmax over positions)"),
    ("fuse-after", int, "K", "put a TokenFuser and a second TokenLearner after K blocks"),
    ("edge", str, "RULE", "crop or pad where the patch does not divide the side"),
    ("blocks", int, "N", "number of encoder blocks"),
    ("width", int, "N", "values of a token"),
    ("heads", int, "N", "attention heads"),
    ("key-dim", int, "N", "values of a query and of a key, per head"),
    ("feed-forward", int, "N", "hidden units of a block's feed-forward network"),
    ("norm", str, "PLACE", "pre, post, or post-shared (the tutorial's)"),
)
TRAIN_OPTIONS = (
    ("epochs", int, "E", "passes over the training pictures"),
    ("batch-size", int, "B", "pictures in a step"),
    ("learning-rate", float, "RATE", "peak of the learning rate"),
    ("seed", int, "S", "of the initial values, the order and the augmentation"),
    ("limit", int, "N", "use the first N pictures of the set only"),
)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """`--preset`, `--model`, and the options that shape a network."""
    parser.add_argument(
        "--preset", choices=tuple(PRESETS), default="tuned", help="where defaults come from (tuned)"
    )
    parser.add_argument("--model", choices=("vit", "fast", "both"), default="both", help="which of the two (both)")
    parser.add_argument("--n-maps", type=int, metavar="M", help="learned tokens of the fast ViT")
    parser.add_argument("--classes", type=int, metavar="C", help="use the first C classes (the tutorial: 4)")
    _add(parser, MODEL_OPTIONS)


def add_train_options(parser: argparse.ArgumentParser) -> None:
    """The options that say how a network is trained, and on what."""
    _add(parser, TRAIN_OPTIONS)
    add_data_options(parser)


def add_data_options(parser: argparse.ArgumentParser, dataset: bool = True) -> None:
    """`--dataset` and `--data-dir`."""
    if dataset:
        parser.add_argument("--dataset", choices=DATASETS, metavar="NAME", help=f"one of {', '.join(DATASETS)}")
    parser.add_argument("--data-dir", metavar="DIR", help="the folder where the pictures lie")


def shapes(options: argparse.Namespace, dataset: Dataset | None = None) -> list[ModelConfig]:
    """The one or two shapes that the options ask for; image and classes are those of the data set, if given.

    Raises:
        ConfigError: an option breaks a rule.
    """
    chosen = preset(options.preset)
    settings = _given(options, MODEL_OPTIONS)
    if dataset is not None:
        side, _, channels = dataset.image_shape
        settings |= {"image_size": side, "channels": channels, "classes": dataset.classes}
    elif options.classes is not None:
        settings["classes"] = options.classes
    fuse_after = settings.pop("fuse_after", None)
    vit = dataclasses.replace(chosen.model, **settings)
    if options.model == "vit":
        return [vit]
    n_maps = chosen.n_maps if options.n_maps is None else options.n_maps
    fast = dataclasses.replace(vit, n_maps=n_maps, fuse_after=fuse_after)
    return [fast] if options.model == "fast" else [vit, fast]


def training(options: argparse.Namespace) -> tuple[Preset, TrainConfig]:
    """The preset, and how to train.

    Raises:
        ConfigError: an option breaks a rule.
    """
    chosen = preset(options.preset)
    settings = _given(options, TRAIN_OPTIONS)
    if options.dataset is not None:
        settings["dataset"] = options.dataset
    return chosen, dataclasses.replace(chosen.train, **settings)


def _add(parser: argparse.ArgumentParser, options: tuple) -> None:
    for name, kind, metavar, text in options:
        parser.add_argument(f"--{name}", type=kind, metavar=metavar, help=text)


def _given(options: argparse.Namespace, names: tuple) -> dict:
    settings = {name.replace("-", "_"): getattr(options, name.replace("-", "_")) for name, *_ in names}
    return {name: value for name, value in settings.items() if value is not None}
