"""Settings: they survive a round trip, and a bad value is named together with its rule."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitviz.config import ARTICLE, PRESETS, TUNED, ConfigError, ModelConfig, TrainConfig, preset

EVERY_MODEL_SETTING_CHANGED = ModelConfig(
    image_size=30, channels=3, classes=7, patch_size=8, edge="pad", pixels="0..1", patch_norm=True, width=48, blocks=6,
    heads=3, key_dim=17, feed_forward=65, activation="relu", norm="post", head_units=9, dropout=0.25,
    dropout_connected=False, n_maps=5, insert_after=3, token_learner="v1.1", selector_norm=False, selector_units=11,
    fuse_after=5,
)  # fmt: skip
EVERY_TRAIN_SETTING_CHANGED = TrainConfig(
    dataset="mnist", limit=123, validation_fraction=0.25, epochs=3, batch_size=17, optimizer="muon", learning_rate=2e-3,
    schedule="constant", warmup_epochs=2.5, weight_decay=0.01, label_smoothing=0.2, shift=2, flip=False,
    erase=0.3, teacher=0.5, initial_values="glorot", seed=42,
)  # fmt: skip
CHANGED = [EVERY_MODEL_SETTING_CHANGED, EVERY_TRAIN_SETTING_CHANGED]
by_kind = pytest.mark.parametrize("changed", CHANGED, ids=lambda config: type(config).__name__)


@by_kind
def test_a_round_trip_keeps_every_setting(changed):
    for field in dataclasses.fields(changed):  # or the round trip below would show nothing about this field
        assert getattr(changed, field.name) != field.default, f"{field.name} has its default"
    assert type(changed).from_dict(json.loads(json.dumps(changed.to_dict()))) == changed


@by_kind
def test_settings_that_are_left_out_get_their_defaults(changed):
    kind = type(changed)
    assert kind.from_dict({}) == kind()
    assert all(getattr(kind(), field.name) == field.default for field in dataclasses.fields(kind))


@by_kind
def test_an_unknown_setting_is_named_and_the_known_ones_are_listed(changed):
    with pytest.raises(ConfigError, match="'colour'") as error:
        type(changed).from_dict(changed.to_dict() | {"colour": 3})
    assert all(field.name in str(error.value) for field in dataclasses.fields(changed))


@pytest.mark.parametrize("table", [None, [], "width", 3])
@by_kind
def test_only_a_table_of_names_and_values_is_read(changed, table):
    with pytest.raises(ConfigError, match=f"not {type(table).__name__}"):
        type(changed).from_dict(table)


@by_kind
def test_settings_cannot_be_changed_in_place_and_can_be_kept_in_a_set(changed):
    name = dataclasses.fields(changed)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(changed, name, 1)
    assert len({changed, dataclasses.replace(changed)}) == 1


def no_whole_number_from(low, high=None):
    """What is not a whole number of at least `low` (and at most `high`)."""
    too_large = st.nothing() if high is None else st.integers(min_value=high + 1)
    return st.integers(max_value=low - 1) | too_large | st.floats() | st.booleans() | st.text(max_size=9)


def no_number_from(low, below=None):
    too_large = st.nothing() if below is None else st.floats(min_value=below)
    too_small = st.floats(max_value=low, exclude_max=True)
    others = st.sampled_from([float("nan"), float("inf"), None, True, False, "0.1", [0.1]])
    return too_small | too_large | others


def none_of(*allowed):
    return (st.text(max_size=9) | st.integers() | st.none() | st.booleans()).filter(lambda value: value not in allowed)


no_truth = st.integers() | st.text(max_size=9) | st.none()

BAD_MODEL_VALUES = {
    **{name: no_whole_number_from(1) for name in ("image_size", "width", "blocks", "heads", "key_dim", "feed_forward")},
    **{name: no_truth for name in ("patch_norm", "dropout_connected", "selector_norm")},
    "channels": no_whole_number_from(1, 1).filter(lambda value: value is True or value != 3),
    "classes": no_whole_number_from(2),
    "patch_size": no_whole_number_from(1, EVERY_MODEL_SETTING_CHANGED.image_size),
    "edge": none_of("crop", "pad"),
    "pixels": none_of("0..255", "0..1", "-1..1"),
    "activation": none_of("relu", "gelu"),
    "norm": none_of("post-shared", "post", "pre"),
    "head_units": no_whole_number_from(0),
    "dropout": no_number_from(0, below=1),
    "n_maps": no_whole_number_from(1, EVERY_MODEL_SETTING_CHANGED.tokens - 1),
    "insert_after": no_whole_number_from(0, EVERY_MODEL_SETTING_CHANGED.blocks),
    "token_learner": none_of("v1", "v1.1"),
    "selector_units": no_whole_number_from(1),
    "fuse_after": no_whole_number_from(4, EVERY_MODEL_SETTING_CHANGED.blocks),  # 4: one after insert_after
}
BAD_TRAIN_VALUES = {
    **{name: no_whole_number_from(1) for name in ("limit", "epochs", "batch_size")},
    **{name: no_number_from(0) for name in ("warmup_epochs", "weight_decay", "learning_rate")},
    **{name: no_number_from(0, below=1) for name in ("validation_fraction", "label_smoothing", "erase")},
    "teacher": no_number_from(0, below=1.0000001),
    "dataset": st.integers() | st.none() | st.just("") | st.lists(st.text(max_size=3)),
    "schedule": none_of("constant", "cosine"),
    "optimizer": none_of("adam", "muon"),
    "initial_values": none_of("glorot", "mimetic"),
    "shift": no_whole_number_from(0),
    "flip": no_truth,
    "seed": no_whole_number_from(0, 2**31 - 1),
}
BAD_VALUES = [
    pytest.param(config, name, values, id=f"{type(config).__name__}.{name}")
    for config, table in zip(CHANGED, (BAD_MODEL_VALUES, BAD_TRAIN_VALUES), strict=True)
    for name, values in table.items()
]


def test_bad_values_are_tried_for_every_setting():
    assert BAD_MODEL_VALUES.keys() == {field.name for field in dataclasses.fields(ModelConfig)}
    assert BAD_TRAIN_VALUES.keys() == {field.name for field in dataclasses.fields(TrainConfig)}


@pytest.mark.parametrize(("config", "name", "values"), BAD_VALUES)
def test_a_bad_value_is_refused_with_its_name_and_itself(config, name, values):
    @settings(max_examples=25, deadline=None, database=None)
    @given(value=values)
    def refused(value):
        with pytest.raises(ConfigError) as error:
            type(config).from_dict(config.to_dict() | {name: value})
        assert name in str(error.value)
        assert str(value) in str(error.value) or repr(value) in str(error.value)

    refused()


@pytest.mark.parametrize("value", ["two", -5, 1.5, None])
def test_a_place_that_is_no_number_of_blocks_is_refused_for_a_vit_too(value):
    with pytest.raises(ConfigError, match="insert_after"):
        ModelConfig(insert_after=value)


def test_a_learning_rate_of_zero_is_refused_because_nothing_would_be_learned():
    with pytest.raises(ConfigError, match="learning_rate must be above 0"):
        TrainConfig(learning_rate=0)


def test_too_many_maps_are_refused_with_the_number_of_tokens():
    with pytest.raises(ConfigError, match=r"n_maps.*49 maps of 49 tokens.*fewer maps or smaller patches"):
        ModelConfig(patch_size=4, n_maps=49)
    assert ModelConfig(patch_size=4, n_maps=48).n_maps == 48


def test_a_vit_has_nothing_to_fuse():
    with pytest.raises(ConfigError, match=r"fuse_after is 3.*set n_maps"):
        ModelConfig(fuse_after=3)


@given(side=st.integers(1, 64), data=st.data())
def test_the_grid_covers_all_of_the_picture_when_padded_and_none_too_much_when_cropped(side, data):
    patch = data.draw(st.integers(1, side))
    cropped = ModelConfig(image_size=side, patch_size=patch, edge="crop")
    padded = ModelConfig(image_size=side, patch_size=patch, edge="pad")
    assert cropped.grid * patch <= side < (cropped.grid + 1) * patch
    assert (padded.grid - 1) * patch < side <= padded.grid * patch
    assert cropped.tokens == cropped.grid**2 and padded.tokens == padded.grid**2


def test_blocks_after_the_token_learner_read_learned_tokens():
    assert ModelConfig(patch_size=7).block_tokens == (16, 16, 16, 16)
    assert ModelConfig(patch_size=7, n_maps=3, insert_after=1).block_tokens == (16, 3, 3, 3)
    assert ModelConfig(patch_size=7, n_maps=3, insert_after=0).block_tokens == (3, 3, 3, 3)
    assert ModelConfig(patch_size=7, n_maps=3, insert_after=4).block_tokens == (16, 16, 16, 16)


def test_a_fast_vit_and_its_plain_vit_differ_in_the_token_learner_only():
    config = EVERY_MODEL_SETTING_CHANGED
    plain = config.plain()
    assert (config.kind, plain.kind) == ("fast", "vit")
    assert dataclasses.replace(plain.fast(config.n_maps), fuse_after=config.fuse_after) == config


def test_the_article_preset_is_the_tutorial_to_the_letter():
    model, train = ARTICLE.model, ARTICLE.train
    assert (model.image_size, model.patch_size, model.edge, model.tokens, model.classes) == (28, 5, "crop", 25, 4)
    assert (model.width, model.heads, model.key_dim, model.feed_forward, model.blocks) == (128, 3, 128, 100, 4)
    assert (model.norm, model.activation, model.head_units, model.pixels) == ("post-shared", "relu", 150, "0..255")
    assert (model.patch_norm, model.dropout, model.dropout_connected) == (True, 0.5, False)
    fast = model.fast(ARTICLE.n_maps)
    assert (fast.n_maps, fast.insert_after, fast.token_learner, fast.selector_norm) == (4, 2, "v1", False)
    assert (train.batch_size, train.epochs, train.validation_fraction) == (32, 6, 0.33)
    assert (train.learning_rate, train.schedule, train.warmup_epochs, train.weight_decay) == (1e-3, "constant", 0, 0)
    assert (train.flip, train.shift, train.erase, train.label_smoothing) == (False, 0, 0, 0)
    assert train.initial_values == "glorot"
    assert "Dropout" in ARTICLE.note and "never connected" in ARTICLE.note


def test_the_tuned_preset_has_the_same_blocks_and_at_most_a_million_parameters():
    from vitviz.analysis.operations import total_params

    assert (TUNED.model.blocks, TUNED.model.width) == (4, 128)
    assert total_params(TUNED.model) <= 1_000_000
    assert total_params(TUNED.model.fast(TUNED.n_maps)) <= 1_000_000


def test_a_preset_is_found_by_its_name_and_an_unknown_one_is_named():
    assert [preset(name).name for name in PRESETS] == list(PRESETS)
    with pytest.raises(ConfigError, match=r"article, tuned.*'best'"):
        preset("best")
