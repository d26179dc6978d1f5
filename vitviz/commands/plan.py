"""What a training is to do: from the command line, or from the working folder of one that goes on."""

from __future__ import annotations

import argparse
import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING

from vitviz.commands.options import MODEL_OPTIONS, TRAIN_OPTIONS, add_model_options, add_train_options, shapes, training
from vitviz.config import ModelConfig, TrainConfig

if TYPE_CHECKING:
    from vitviz.data import Dataset
    from vitviz.live.worker import Worker


def add_options(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The options of `train`."""
    add_model_options(parser)
    add_train_options(parser)
    parser.add_argument("--continue", dest="go_on", metavar="RUN",
                        help="go on with a training that was stopped, failed or vanished, from its last complete epoch")
    parser.add_argument("--max-jobs", type=int, default=1, metavar="N",
                        help="wait until fewer than N trainings of this folder of runs are at work (1)")
    parser.add_argument("--job", help=argparse.SUPPRESS)  # the working folder that a page has made already
    return parser


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to train: the options of a new training, or the settings of one that goes on. `models` may come later."""

    config: TrainConfig
    preset: str
    classes: int | None
    data_dir: str | None
    created: datetime
    options: argparse.Namespace | None = None
    models: list[ModelConfig] | None = None

    @classmethod
    def new(cls, options: argparse.Namespace, created: datetime | None = None) -> Plan:
        """From the command line; `created` is when it was given, if not now. Raises `ConfigError`, `DataError`."""
        from vitviz.data.place import place_of
        from vitviz.runs.record import now

        chosen, config = training(options)
        shapes(options)  # refuses a bad model before any picture is read
        classes = options.classes or (chosen.model.classes if chosen.name == "article" else None)
        data_dir = None if options.data_dir is None else str(place_of(options.data_dir).absolute())
        return cls(config, chosen.name, classes, data_dir, created or now(), options=options)

    @classmethod
    def of(cls, worker: Worker, options: argparse.Namespace) -> Plan:
        """From the command line, or with `--continue` from the working folder. Raises `ConfigError`, `DataError`."""
        settings = worker.settings
        created = datetime.fromisoformat(settings["created"])
        if options.go_on is None:
            return cls.new(options, created)
        if "models" not in settings:  # it ended before its pictures were read: from the beginning, then
            given = add_options(argparse.ArgumentParser()).parse_args(settings["arguments"])
            given.data_dir = options.data_dir or given.data_dir
            return cls.new(given, created)
        models = [ModelConfig.from_dict(values) for values in settings["models"].values()]
        return cls(
            TrainConfig.from_dict(settings["train"]), settings["preset"], settings["classes"],
            options.data_dir or settings["data_dir"], created, models=models,
        )  # fmt: skip

    def shapes(self, dataset: Dataset) -> list[ModelConfig]:
        """The models, fit for the pictures."""
        return self.models or shapes(self.options, dataset)

    def settings(self, models: list[ModelConfig]) -> dict:
        """For job.json."""
        return {
            "models": {model.kind: model.to_dict() for model in models}, "train": self.config.to_dict(),
            "preset": self.preset, "classes": self.classes, "data_dir": self.data_dir,
        }  # fmt: skip


def arguments_of(options: argparse.Namespace) -> list[str]:
    """The options as a person would type them: pairs of a name and a value."""
    names = ["preset", "model", "n-maps", "classes", *(name for name, *_ in MODEL_OPTIONS + TRAIN_OPTIONS)]
    arguments = []
    for name in [*names, "dataset", "data-dir"]:
        value = getattr(options, name.replace("-", "_"))
        if value is not None:
            arguments += [f"--{name}", str(value)]
    return arguments
