"""What the page is looking at: two models and one picture, traced."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from vitviz.config import ModelConfig
from vitviz.figures.theme import Theme
from vitviz.runs import RunError, RunRecord
from vitviz.trace import Trace
from vitviz.ui import caches
from vitviz.ui.catalogue import Pair
from vitviz.ui.pictures import Picture

EVERYTHING = ("ViT", "fast ViT", "picture")  # what a figure may depend on


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything that a panel may read. `traces` has a model's trace unless its weights cannot be read."""

    pair: Pair
    picture: Picture
    theme: Theme
    traces: dict[str, Trace] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)  # model -> why there is no trace of it

    @property
    def runs(self) -> dict[str, RunRecord]:
        """The runs by the names that every picture uses: "ViT", "fast ViT"."""
        return self.pair.models()

    @property
    def config(self) -> ModelConfig:
        """Settings that both models share (all but the TokenLearner)."""
        return next(iter(self.runs.values())).model

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes that the models know."""
        return next(iter(self.runs.values())).class_names

    @property
    def source(self) -> str:
        """Which runs these pictures come from, in a line."""
        return " · ".join(f"{label} {run.id}" for label, run in self.runs.items())

    @property
    def name(self) -> str:
        """The runs and the picture, in a line. What is drawn carries it, so that anyone can tell what it shows."""
        return self.name_of()

    def traced(self) -> Scene:
        """The same with every trace that can be had. Builds models: needs TensorFlow, and takes a moment."""
        traces, failures = {}, {}
        for label, run in self.runs.items():
            try:
                traces[label] = caches.trace_of(run, self.picture.image)
            except RunError as error:
                failures[label] = str(error)
        return Scene(self.pair, self.picture, self.theme, traces, failures)

    def identity(self, reads: Collection[str] = EVERYTHING) -> tuple:
        """What a figure of this scene depends on, apart from its own switches; `reads` as for `name_of`."""
        runs = tuple((label, caches.identity(run)) for label, run in self.runs.items() if label in reads)
        picture = (caches.fingerprint(self.picture.image), self.picture.label) if "picture" in reads else None
        return runs, picture, self.theme.name

    def name_of(self, reads: Collection[str] = EVERYTHING) -> str:
        """The runs and the picture, in a line; of `reads`, the part of them that something depends on."""
        words = [run.id for label, run in self.runs.items() if label in reads]
        return " ".join([*words, self.picture.name] if "picture" in reads else words)


def name_for_file(scene: Scene, panel: str, reads: Collection[str] = EVERYTHING) -> str:
    """A file's name that says what is in it."""
    words = ["vitviz", panel, f"p{scene.config.patch_size}"]
    if scene.pair.fast is not None and "fast ViT" in reads:
        words.append(f"m{scene.pair.fast.model.n_maps}")
    if "picture" in reads:
        words.append("".join(letter if letter.isalnum() else "-" for letter in scene.picture.name.lower()))
    return "-".join(words)
