"""One model in training: it can be moved forward a few steps at a time, and knows its own clock."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

import numpy as np

from vitviz.config import ModelConfig, TrainConfig
from vitviz.models import build
from vitviz.training.batches import epoch_batches
from vitviz.training.metrics import scores
from vitviz.training.parts import one_core_per_operation
from vitviz.training.predict import Predictor
from vitviz.training.schedule import learning_rate
from vitviz.training.step import TrainStep

LISTS = ("history", "points", "step_seconds", "epoch_seconds")  # what grows with the training
POINTS = 20  # per epoch: enough for a curve that moves, few enough to send to a page
SETTINGS = "settings"  # of the model and of its training, in a state


class OtherTraining(ValueError):
    """A state is whole, and that of another training; the message says what differs."""


class Trainer:
    """Trains one model on arrays. What it does depends on its settings and its seed, not on when it is moved on.

    Args:
        train, validation: `(images, labels)`: uint8 `(pictures, H, W, C)` and whole numbers `(pictures,)`.
        teacher: what a teacher says of the training pictures, see `epoch_batches`; wanted where `config.teacher` > 0.

    Raises:
        ValueError: the settings give a teacher a share, and there is none.

    Attributes:
        history: a row for each finished epoch.
        points: loss and accuracy of the training pictures between two epochs, a few times per epoch: `epoch` (such
            as 1.25), `seconds` (of this model's clock), `loss` and `accuracy` since the point before.
        step_seconds: the duration of every step so far, without compilation.
        setup_seconds, compile_seconds, input_seconds, validation_seconds: the rest of the time, apart.
    """

    def __init__(
        self,
        model: ModelConfig,
        config: TrainConfig,
        train: tuple[np.ndarray, np.ndarray],
        validation: tuple[np.ndarray, np.ndarray],
        teacher: np.ndarray | None = None,
    ) -> None:
        start = perf_counter()
        if config.teacher and teacher is None:
            raise ValueError(
                f"teacher is {config.teacher}, and only `zoo build` trains a teacher: leave it at 0 everywhere else."
            )
        self.config, self.teacher = config, teacher if config.teacher else None
        one_core_per_operation(config.batch_size)
        self.model = build(model, config.seed, initial=config.initial_values)
        self.train, self.validation = train, validation
        self.steps_per_epoch = -(-len(train[0]) // config.batch_size)
        self.history: list[dict[str, float]] = []
        self.points: list[dict[str, float]] = []
        self.step_seconds: list[float] = []
        self.epoch_seconds: list[float] = []
        self.input_seconds = self.validation_seconds = self.compile_seconds = 0.0
        self.predict = Predictor(self.model)
        self._step = TrainStep(self.model, config)
        self._batches: Iterator | None = None
        self._logits: list[np.ndarray] = []
        self._labels: list[np.ndarray] = []
        self._pointed = 0  # steps of this epoch that are in a point already
        self.setup_seconds = perf_counter() - start

    @property
    def epochs_done(self) -> int:
        """Finished epochs."""
        return len(self.history)

    @property
    def steps_done(self) -> int:
        """Steps taken so far, over all epochs."""
        return self.epochs_done * self.steps_per_epoch + len(self._logits)

    @property
    def done(self) -> bool:
        """Whether every epoch is finished."""
        return self.epochs_done >= self.config.epochs

    @property
    def clock(self) -> float:
        """Seconds that this model has trained: its steps alone."""
        return sum(self.epoch_seconds) + sum(self.step_seconds[self.epochs_done * self.steps_per_epoch :])

    def compile(self) -> None:
        """Compiles the step and the evaluation, with an empty batch at rate 0, which changes no weight."""
        start = perf_counter()
        side, size = self.model.config.image_size, self.config.batch_size
        images = np.zeros((size, side, side, self.model.config.channels), np.uint8)
        said = None if self.teacher is None else np.zeros((size, self.model.config.classes), np.float32)
        self._step(images, np.zeros(size, np.int32), np.zeros(size, np.float32), said, rate=0.0, number=1)
        self.predict(images[:1])
        self.compile_seconds = perf_counter() - start

    def advance(self, seconds: float) -> int:
        """Trains for about `seconds`, at least one step and at most to the end of the epoch; returns the steps."""
        start = perf_counter()
        if self._batches is None:
            self._batches = epoch_batches(*self.train, self.config, self.epochs_done, self.teacher)
            self._waiting = next(self._batches)
            self.input_seconds += perf_counter() - start
        steps = 0
        while steps == 0 or (self._waiting is not None and perf_counter() - start < seconds):
            self._one_step(self._waiting)
            self._waiting = next(self._batches, None)
            steps += 1
        if self._waiting is None:
            self._end_epoch()
        return steps

    def _one_step(self, batch: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]) -> None:
        images, labels, weights, said = batch
        step = self.steps_done
        start = perf_counter()
        rate = learning_rate(self.config, step, self.steps_per_epoch)
        logits = self._step(images, labels, weights, said, rate=rate, number=step + 1)
        self.step_seconds.append(perf_counter() - start)
        real = weights > 0
        self._logits.append(logits[real])
        self._labels.append(labels[real])
        in_epoch = len(self._logits)
        if in_epoch * POINTS // self.steps_per_epoch > self._pointed * POINTS // self.steps_per_epoch:
            self._add_point(in_epoch)

    def _add_point(self, in_epoch: int) -> None:
        since = slice(self._pointed, in_epoch)
        values = scores(np.concatenate(self._logits[since]), np.concatenate(self._labels[since]))
        epoch = self.epochs_done + in_epoch / self.steps_per_epoch
        self.points.append(
            {"epoch": epoch, "seconds": self.clock, "loss": values["loss"], "accuracy": values["accuracy"]}
        )
        self._pointed = in_epoch

    def _end_epoch(self) -> None:
        epoch = self.epochs_done
        self.epoch_seconds.append(sum(self.step_seconds[epoch * self.steps_per_epoch :]))
        row = {"epoch": epoch + 1, "seconds": sum(self.epoch_seconds)}
        row["learning_rate"] = learning_rate(self.config, self.steps_done - 1, self.steps_per_epoch)
        row |= scores(np.concatenate(self._logits), np.concatenate(self._labels))
        start = perf_counter()
        if len(self.validation[0]):
            held_out = scores(self.predict(self.validation[0]), self.validation[1])
            row |= {f"val_{name}": value for name, value in held_out.items()}
        self.validation_seconds += perf_counter() - start
        self._forget_the_unfinished()
        self.history.append(row)

    def state(self) -> tuple[dict[str, np.ndarray], dict]:
        """All that the next epoch depends on: arrays by name, and plain values. Only between two epochs."""
        variables = {name: variable.numpy() for name, variable in self._step.variables().items()}
        clocks = ("setup_seconds", "compile_seconds", "input_seconds", "validation_seconds")
        values = {name: getattr(self, name) for name in clocks}
        values |= {name: list(getattr(self, name)) for name in LISTS}
        return variables, values | {SETTINGS: self._settings()}

    def restore(self, variables: dict[str, np.ndarray], values: dict) -> None:
        """Goes back to a `state`; what follows is what would have followed then. Drops an epoch that is not complete.

        A state from before settings were kept in it has none to compare: it counts as one of these settings.

        Raises:
            OtherTraining: it is a state of other settings, or on another number of pictures; nothing is changed then.
        """
        self._refuse_other_settings(values.get(SETTINGS))
        own = self._step.variables()
        shapes = {name: tuple(variable.shape) for name, variable in own.items()}
        if shapes != {name: array.shape for name, array in variables.items()}:
            raise OtherTraining("The state is that of another model: its weights have other names or shapes.")
        if len(values["step_seconds"]) != len(values["history"]) * self.steps_per_epoch:
            raise OtherTraining("The state is that of a training on another number of pictures.")
        for name, variable in own.items():
            variable.assign(variables[name])
        for name, value in values.items():
            if name != SETTINGS:
                setattr(self, name, list(value) if isinstance(value, list) else value)
        self._forget_the_unfinished()

    def _settings(self) -> dict[str, dict]:
        return {"model": self.model.config.to_dict(), "train": self.config.to_dict()}

    def _refuse_other_settings(self, kept: dict[str, dict] | None) -> None:
        """What was kept before a setting came about lacks it: it had its default then."""
        for kind, default in (("model", ModelConfig()), ("train", TrainConfig())) if kept else ():
            own = self._settings()[kind]
            for name, there in (default.to_dict() | kept[kind]).items():
                if own.get(name) != there:
                    raise OtherTraining(
                        f"The state is that of a training with other settings: {name} is {there} there and "
                        f"{own.get(name)} here."
                    )

    def _forget_the_unfinished(self) -> None:
        self._batches, self._logits, self._labels, self._pointed = None, [], [], 0

    def weights(self) -> dict[str, np.ndarray]:
        """The weights of the model, by name."""
        return {name: variable.numpy() for name, variable in self.model.named_weights().items()}

    def load_weights(self, weights: dict[str, np.ndarray]) -> None:
        """Replaces the weights of the model; the optimizer's state stays."""
        for name, variable in self.model.named_weights().items():
            variable.assign(weights[name])
