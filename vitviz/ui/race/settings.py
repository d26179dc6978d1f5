"""What a visitor wants to train, and as what arguments of the command `train`. No Streamlit here."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from vitviz.commands.options import shapes, training
from vitviz.commands.plan import add_options
from vitviz.config import PRESETS, ConfigError, ModelConfig, TrainConfig
from vitviz.ui.race.datasets import About
from vitviz.ui.race.datasets import about as about_dataset

# Of a first visit: a minute or so, in which one sees the fast one pull ahead
EPOCHS, LIMIT = 6, 3000
# What the page always says; the rest is said where it differs from the preset
ALWAYS = ("preset", "model", "dataset", "data_dir", "patch_size", "n_maps", "epochs", "limit")


@dataclass(frozen=True)
class Settings:
    """The controls of the form, by the names of the command's options. None is the preset's own value, or all."""

    preset: str = "tuned"
    model: str = "both"
    dataset: str = "fashion_mnist_mini"
    data_dir: str | None = None
    classes: int | None = None
    patch_size: int | None = None
    n_maps: int | None = None
    insert_after: int | None = None
    token_learner: str | None = None
    blocks: int | None = None
    heads: int | None = None
    width: int | None = None
    epochs: int = EPOCHS
    batch_size: int | None = None
    seed: int | None = None
    limit: int | None = LIMIT

    @property
    def arguments(self) -> list[str]:
        """As a person would type them: pairs of a name and a value."""
        defaults, parts = preset_values(self.preset), []
        for field in dataclasses.fields(self):
            name, value = field.name, getattr(self, field.name)
            if value is None or (name == "n_maps" and self.model == "vit"):
                continue
            if name in ALWAYS or value != defaults.get(name):
                parts += [f"--{name.replace('_', '-')}", str(value)]
        return parts

    def about(self) -> About:
        """The pictures: whether they are at hand, their shape and their classes."""
        return about_dataset(self.dataset, self.data_dir)

    def models(self) -> list[ModelConfig]:
        """The one or two shapes. Raises `ConfigError`."""
        return shapes(_parsed(self.arguments), self._fitted())

    def train(self) -> TrainConfig:
        """How they are trained. Raises `ConfigError`."""
        return training(_parsed(self.arguments))[1]

    def pictures(self) -> int | None:
        """Training pictures, those held out for validation included; None where that is not known yet."""
        about = self.about()
        if about.per_class is None:
            return None
        everything = about.per_class * self._classes(about)
        return everything if self.limit is None else min(self.limit, everything)

    def refusals(self) -> dict[str, str]:
        """What cannot be, by the control that it was entered in: a sentence that says why. Empty where all is well."""
        about = self.about()
        refused = {"dataset": about.problem} if about.problem else {}
        if self.classes is not None and about.classes is not None and not 2 <= self.classes <= about.classes:
            refused["classes"] = (
                f"classes must be from 2 to {about.classes}, the number that {about.title} has, not {self.classes}."
            )
        try:
            self.train()
            self.models()
        except ConfigError as error:  # its first word is the name of the setting
            refused.setdefault(str(error).split(" ", 1)[0], str(error))
        return refused

    def _fitted(self) -> Fitted | None:
        about = self.about()
        if about.image_shape is None or about.classes is None:
            return None
        return Fitted(about.image_shape, self._classes(about))

    def _classes(self, about: About) -> int:
        wanted = self.classes or (PRESETS[self.preset].model.classes if self.preset == "article" else about.classes)
        return max(2, min(wanted, about.classes))


@dataclass(frozen=True)
class Fitted:
    """Of a data set, what decides the shape of a model."""

    image_shape: tuple[int, int, int]
    classes: int


def preset_values(name: str) -> dict[str, object]:
    """What a preset says about the controls of the form."""
    preset = PRESETS[name]
    names = ("patch_size", "insert_after", "token_learner", "blocks", "heads", "width")
    values = {each: getattr(preset.model, each) for each in names} | {"n_maps": preset.n_maps}
    values |= {"batch_size": preset.train.batch_size, "seed": preset.train.seed}
    return values | {"classes": preset.model.classes if name == "article" else None}


def from_arguments(arguments: Sequence[str]) -> tuple[Settings, list[str]]:
    """The settings of a training that was started with these arguments, and the options that the form has not.

    Raises:
        ConfigError: these are no arguments of `train`.
    """
    options = vars(_parsed(arguments))
    names = {field.name for field in dataclasses.fields(Settings)}
    given = {name: value for name, value in options.items() if value is not None}
    preset = PRESETS[options["preset"]]
    values = preset_values(preset.name) | {"dataset": preset.train.dataset, "epochs": preset.train.epochs}
    known = {name: value for name, value in given.items() if name in names}
    unknown = [name for name in given if name not in names and name not in ("go_on", "max_jobs", "job")]
    return Settings(**values | {"limit": None} | known), unknown


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        raise ConfigError(f"These are no arguments of train: {message}.")


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    return add_options(_Parser(add_help=False)).parse_args(list(arguments))
