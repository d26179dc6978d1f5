"""Every setting of a model and of its training, its default, its check, and the two presets.

Nothing here imports anything but the standard library, so that the command line and the pages can
read, check and compare settings without waiting for TensorFlow.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

Edge = Literal["crop", "pad"]
Norm = Literal["post-shared", "post", "pre"]
Activation = Literal["relu", "gelu"]
Pixels = Literal["0..255", "0..1", "-1..1"]
Selector = Literal["v1", "v1.1"]
Schedule = Literal["constant", "cosine"]
Initial = Literal["glorot", "mimetic"]
Optimizer = Literal["adam", "muon"]

DATASETS = ("fashion_mnist", "fashion_mnist_mini", "mnist", "cifar10", "cifar100", "folder")


class ConfigError(ValueError):
    """A setting breaks a rule; the message names the rule, the value received and the way out."""


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The shape of one network. `n_maps=None` is a plain ViT; a number makes it a fast ViT.

    The image is a square of `image_size` pixels with `channels` values per pixel. It is cut into
    `patch_size`² patches; where the patch size does not divide the side, `edge="crop"` drops the rest
    at the right and the bottom, `edge="pad"` adds zeros there.

    `dropout` is a rate in front of the output layer. The tutorial builds that layer and then does
    not connect it, hence `dropout_connected`.

    A TokenLearner stands after `insert_after` blocks. With `fuse_after`, a TokenFuser puts the learned
    tokens back on the grid after that many blocks, and a second TokenLearner reads the fused grid.
    """

    image_size: int = 28
    channels: int = 1
    classes: int = 10
    patch_size: int = 4
    edge: Edge = "crop"
    pixels: Pixels = "-1..1"
    patch_norm: bool = False
    width: int = 128
    blocks: int = 4
    heads: int = 4
    key_dim: int = 32
    feed_forward: int = 128
    activation: Activation = "gelu"
    norm: Norm = "pre"
    head_units: int = 0
    dropout: float = 0.0
    dropout_connected: bool = True
    n_maps: int | None = None
    insert_after: int = 2
    token_learner: Selector = "v1"
    selector_norm: bool = True
    selector_units: int = 64
    fuse_after: int | None = None

    def __post_init__(self) -> None:
        for name in ("image_size", "channels", "width", "blocks", "heads", "key_dim", "feed_forward"):
            _whole(name, getattr(self, name), low=1)
        _whole("classes", self.classes, low=2)
        _whole("head_units", self.head_units, low=0)
        _whole("insert_after", self.insert_after, low=0)
        _whole("selector_units", self.selector_units, low=1)
        _whole("patch_size", self.patch_size, low=1, high=self.image_size, because="the side of the image")
        _one_of("channels", self.channels, (1, 3))
        _one_of("edge", self.edge, ("crop", "pad"))
        _one_of("pixels", self.pixels, ("0..255", "0..1", "-1..1"))
        _one_of("activation", self.activation, ("relu", "gelu"))
        _one_of("norm", self.norm, ("post-shared", "post", "pre"))
        _one_of("token_learner", self.token_learner, ("v1", "v1.1"))
        for name in ("patch_norm", "dropout_connected", "selector_norm"):
            _truth(name, getattr(self, name))
        _real("dropout", self.dropout, low=0.0, below=1.0)
        if self.n_maps is None:
            if self.fuse_after is not None:
                raise ConfigError(
                    f"fuse_after is {self.fuse_after}, but a ViT has no learned tokens to fuse: "
                    "set n_maps, or leave fuse_after out."
                )
            return
        _whole("n_maps", self.n_maps, low=1)
        if self.n_maps >= self.tokens:
            raise ConfigError(
                f"n_maps must be smaller than the number of tokens; {self.n_maps} maps of {self.tokens} tokens "
                f"(patch size {self.patch_size} on {self.image_size}×{self.image_size}) save nothing: "
                "choose fewer maps or smaller patches."
            )
        _whole("insert_after", self.insert_after, low=0, high=self.blocks, because="the number of blocks")
        if self.fuse_after is not None:
            _whole(
                "fuse_after",
                self.fuse_after,
                low=self.insert_after + 1,
                high=self.blocks,
                because="between the block after the TokenLearner and the last block",
            )

    @property
    def kind(self) -> Literal["vit", "fast"]:
        """`"vit"` without a TokenLearner, `"fast"` with one."""
        return "vit" if self.n_maps is None else "fast"

    @property
    def grid(self) -> int:
        """Patches along one side."""
        whole, rest = divmod(self.image_size, self.patch_size)
        return whole + (1 if rest and self.edge == "pad" else 0)

    @property
    def tokens(self) -> int:
        """Patches of one image: the length of the sequence that enters the first block."""
        return self.grid**2

    @property
    def patch_values(self) -> int:
        """Values in one patch: patch_size² · channels."""
        return self.patch_size**2 * self.channels

    @property
    def block_tokens(self) -> tuple[int, ...]:
        """The length of the sequence that each block reads."""
        if self.n_maps is None:
            return (self.tokens,) * self.blocks
        return (self.tokens,) * self.insert_after + (self.n_maps,) * (self.blocks - self.insert_after)

    def plain(self) -> ModelConfig:
        """The ViT of the same settings, without a TokenLearner."""
        return dataclasses.replace(self, n_maps=None, fuse_after=None)

    def fast(self, n_maps: int) -> ModelConfig:
        """The fast ViT of the same settings, with `n_maps` learned tokens."""
        return dataclasses.replace(self, n_maps=n_maps)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ModelConfig:
        """The inverse of `to_dict`. Raises `ConfigError` for an unknown name or a bad value."""
        return cls(**_known(cls, values))


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How one network is trained.

    The last `validation_fraction` of the training pictures is held out. `limit` keeps only the first
    pictures of the set (None: all). `warmup_epochs` and `schedule` shape the learning rate; `shift` (in
    pixels), `flip` and `erase` (a probability) are the augmentation. `teacher` is the share of the loss that asks for
    the answers of a small convolutional network, trained before on the same pictures (arXiv 1503.02531); the rest asks
    for the labels. Only `zoo build` has such a teacher. `initial_values` are those that Keras would draw
    (`"glorot"`), or attention and positions imitate trained transformers (`"mimetic"`).
    """

    dataset: str = "fashion_mnist"
    limit: int | None = None
    validation_fraction: float = 0.1
    epochs: int = 30
    batch_size: int = 128
    optimizer: Optimizer = "adam"
    learning_rate: float = 1e-3
    schedule: Schedule = "cosine"
    warmup_epochs: float = 1.0
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    shift: int = 0
    flip: bool = True
    erase: float = 0.0
    teacher: float = 0.0
    initial_values: Initial = "mimetic"
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.dataset, str) or not self.dataset:
            raise ConfigError(f"dataset must be the name of a data set, not {self.dataset!r}: try fashion_mnist.")
        if self.limit is not None:
            _whole("limit", self.limit, low=1)
        _whole("epochs", self.epochs, low=1)
        _whole("batch_size", self.batch_size, low=1)
        _whole("shift", self.shift, low=0)
        _whole("seed", self.seed, low=0, high=2**31 - 1, because="the largest 32-bit seed")
        _truth("flip", self.flip)
        _one_of("optimizer", self.optimizer, ("adam", "muon"))
        _one_of("schedule", self.schedule, ("constant", "cosine"))
        _one_of("initial_values", self.initial_values, ("glorot", "mimetic"))
        _real("validation_fraction", self.validation_fraction, low=0.0, below=1.0)
        _real("warmup_epochs", self.warmup_epochs, low=0.0)
        _real("weight_decay", self.weight_decay, low=0.0)
        _real("label_smoothing", self.label_smoothing, low=0.0, below=1.0)
        _real("erase", self.erase, low=0.0, below=1.0)
        _real("teacher", self.teacher, low=0.0)
        if self.teacher > 1:
            raise ConfigError(f"teacher is a share of the loss, a number from 0 to 1, not {self.teacher!r}.")
        _real("learning_rate", self.learning_rate, low=0.0)
        if self.learning_rate == 0:
            raise ConfigError("learning_rate must be above 0, or nothing is learned: 0.001 is a good start.")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TrainConfig:
        """The inverse of `to_dict`. Raises `ConfigError` for an unknown name or a bad value."""
        return cls(**_known(cls, values))


def _known(cls: type, values: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise ConfigError(f"{cls.__name__} needs a table of names and values, not {type(values).__name__}.")
    names = {field.name for field in dataclasses.fields(cls)}
    unknown = sorted(set(values) - names)
    if unknown:
        raise ConfigError(f"{cls.__name__} has no setting {unknown[0]!r}: the names are {', '.join(sorted(names))}.")
    return values


def _whole(name: str, value: Any, *, low: int, high: int | None = None, because: str = "") -> None:
    rule = f"of at least {low}" if high is None else f"from {low} to {high}"
    if isinstance(value, bool) or not isinstance(value, int) or value < low or (high is not None and value > high):
        reason = f" ({because})" if because else ""
        raise ConfigError(f"{name} must be a whole number {rule}{reason}, not {value!r}.")


def _real(name: str, value: Any, *, low: float, below: float | None = None) -> None:
    rule = f"a number of at least {low:g}" + ("" if below is None else f" and below {below:g}")
    # `not (a <= b)` also refuses NaN
    if isinstance(value, bool) or not isinstance(value, int | float) or not (low <= value < float("inf")):
        raise ConfigError(f"{name} must be {rule}, not {value!r}.")
    if below is not None and value >= below:
        raise ConfigError(f"{name} must be {rule}, not {value!r}.")


def _truth(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise ConfigError(f"{name} must be true or false, not {value!r}.")


def _one_of(name: str, value: Any, allowed: tuple) -> None:
    if value not in allowed:
        raise ConfigError(f"{name} must be one of {', '.join(map(str, allowed))}; got {value!r}.")


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A named pair of settings: the ViT, how many maps its fast ViT has, and how both are trained."""

    name: str
    note: str
    model: ModelConfig
    n_maps: int
    train: TrainConfig


ARTICLE = Preset(
    name="article",
    note=(
        "The 2022 tutorial to the letter. Its Dropout(0.5) is built there and never connected: "
        "the output layer reads the Dense layer before it, and so it does here."
    ),
    model=ModelConfig(
        classes=4,
        patch_size=5,
        pixels="0..255",
        patch_norm=True,
        heads=3,
        key_dim=128,
        feed_forward=100,
        activation="relu",
        norm="post-shared",
        head_units=150,
        dropout=0.5,
        dropout_connected=False,
        selector_norm=False,
    ),
    n_maps=4,
    train=TrainConfig(
        validation_fraction=0.33,
        epochs=6,
        batch_size=32,
        learning_rate=1e-3,
        schedule="constant",
        warmup_epochs=0.0,
        weight_decay=0.0,
        label_smoothing=0.0,
        flip=False,
        initial_values="glorot",
    ),
)

TUNED = Preset(
    name="tuned",
    note="The same 4 blocks of width 128, with the training that makes them stable and accurate.",
    model=ModelConfig(),
    n_maps=8,
    train=TrainConfig(optimizer="muon", epochs=12),
)

PRESETS = {preset.name: preset for preset in (ARTICLE, TUNED)}


def preset(name: str) -> Preset:
    """The preset called `name`. Raises `ConfigError` for a name that is not one."""
    _one_of("preset", name, tuple(PRESETS))
    return PRESETS[name]
