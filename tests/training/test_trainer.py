"""A trainer: the same result whenever and beside whomever it is moved on, an honest clock, the promised records."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from vitviz.analysis.operations import total_macs, total_params
from vitviz.data import Dataset, Split
from vitviz.models import build
from vitviz.runs import RunStore
from vitviz.runs.record import MEASURES
from vitviz.trained import load_model
from vitviz.training.checkpoint import load_checkpoint, save_checkpoint, states
from vitviz.training.fit import train
from vitviz.training.metrics import scores
from vitviz.training.predict import Predictor
from vitviz.training.race import race
from vitviz.training.trainer import OtherTraining, Trainer


@pytest.fixture(scope="module")
def make_trainer(tiny_model, tiny_training, tiny_pictures):
    def make(model=None, pictures=21, held_out=6, compiled=True, **changes):
        config = tiny_model(**({"classes": 3, "blocks": 1} | (model or {})))
        parts = tiny_pictures(pictures, config), tiny_pictures(held_out, config, 1)
        trainer = Trainer(config, tiny_training(**changes), *parts)
        if compiled:
            trainer.compile()
        return trainer

    return make


def finish(trainer, seconds=0.0):
    while not trainer.done:
        trainer.advance(seconds)
    return trainer.weights()


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


EVERYTHING_ON = {
    "seed": 3, "flip": True, "shift": 1, "erase": 0.3, "weight_decay": 0.1, "label_smoothing": 0.1,
    "schedule": "cosine", "warmup_epochs": 0.5, "optimizer": "muon",
}  # fmt: skip
KINDS = [{"dropout": 0.3}, {"dropout": 0.3, "n_maps": 3}]


@pytest.fixture(scope="module")
def alone(make_trainer):
    """The weights of a ViT and of a fast ViT, each trained alone and in one go."""
    return [finish(make_trainer(kind, **EVERYTHING_ON), seconds=60) for kind in KINDS]


@pytest.mark.parametrize("slice_seconds", [0.0, 60.0], ids=["step by step", "epoch by epoch"])
def test_a_model_trained_in_a_race_has_the_weights_that_it_has_alone(make_trainer, alone, monkeypatch, slice_seconds):
    monkeypatch.setattr("vitviz.training.race.SLICE_SECONDS", slice_seconds)
    trainers = [make_trainer(kind, **EVERYTHING_ON) for kind in KINDS]
    timing = race(trainers)
    for trainer, weights in zip(trainers, alone, strict=True):
        assert_same(trainer.weights(), weights)
    assert len(timing.ratios) == (6 if slice_seconds == 0 else 2) and all(ratio > 0 for ratio in timing.ratios)


def test_compiling_changes_no_weight_and_no_result(make_trainer, alone):
    trainer = make_trainer(KINDS[0], compiled=False, **EVERYTHING_ON)
    before = trainer.weights()
    assert trainer.compile_seconds == 0
    uncompiled = finish(trainer)
    assert_same(uncompiled, alone[0])
    other = make_trainer(KINDS[0], **EVERYTHING_ON)
    assert_same(other.weights(), before)
    assert other.compile_seconds > 0 and other.steps_done == 0 and other.step_seconds == []


def test_the_seed_decides(make_trainer, alone):
    other = finish(make_trainer(KINDS[0], **(EVERYTHING_ON | {"seed": 4})))
    changed = [name for name in other if not np.array_equal(other[name], alone[0][name])]
    assert len(changed) > len(other) / 2


def test_a_batch_that_was_filled_up_gives_the_update_of_one_that_was_not(make_trainer):
    exact, filled = (make_trainer(pictures=5, epochs=3, batch_size=size) for size in (5, 8))
    before, exact, filled = exact.weights(), finish(exact), finish(filled)
    for name in exact:
        if not name.endswith("key_bias"):  # it has no gradient
            assert np.abs(exact[name] - before[name]).max() > 1e-3, name
        np.testing.assert_allclose(filled[name], exact[name], atol=1e-4, err_msg=name)


def test_a_connected_dropout_changes_the_training_and_a_disconnected_one_does_not(make_trainer):
    connected, cut, without = (
        finish(make_trainer({"dropout": rate, "dropout_connected": truth}, pictures=8, epochs=1))
        for rate, truth in ((0.5, True), (0.5, False), (0.0, True))
    )
    assert_same(without, cut)
    assert any(not np.array_equal(without[name], connected[name]) for name in without)


@pytest.mark.parametrize("n_maps", [None, 3])
def test_training_learns(make_trainer, n_maps):
    trainer = make_trainer({"n_maps": n_maps}, pictures=60, held_out=30, epochs=15, learning_rate=1e-2)
    finish(trainer, seconds=10)
    assert trainer.history[-1]["loss"] < 0.5 * trainer.history[0]["loss"]
    assert trainer.history[-1]["val_accuracy"] > 0.9


def test_every_step_is_counted_once_and_every_epoch_gets_a_row(make_trainer):
    trainer = make_trainer(warmup_epochs=1.0, schedule="cosine")
    assert (trainer.steps_per_epoch, trainer.clock, trainer.compile_seconds > 0) == (3, 0, True)
    for steps in range(1, 4):
        assert trainer.advance(0) == 1
        assert (trainer.steps_done, trainer.epochs_done) == (steps, steps // 3)
        assert trainer.clock == pytest.approx(sum(trainer.step_seconds))
        assert len(trainer.step_seconds) == steps
    assert trainer.advance(60) == 3  # to the end of the epoch and no further
    assert trainer.done and trainer.steps_done == 6
    names = {"epoch", "seconds", "learning_rate", *MEASURES, *(f"val_{name}" for name in MEASURES)}
    assert [set(row) for row in trainer.history] == [names] * 2
    assert [row["epoch"] for row in trainer.history] == [1, 2]
    np.testing.assert_allclose([row["seconds"] for row in trainer.history], np.cumsum(trainer.epoch_seconds))
    last = scores(trainer.model(trainer.validation[0]).numpy(), trainer.validation[1])
    for name in MEASURES:
        assert trainer.history[-1][f"val_{name}"] == pytest.approx(last[name], rel=1e-3, abs=1e-5)


def test_without_held_out_pictures_there_are_no_validation_scores(make_trainer):
    trainer = make_trainer(held_out=0, epochs=1)
    finish(trainer)
    assert set(trainer.history[0]) == {"epoch", "seconds", "learning_rate", *MEASURES}


@pytest.mark.parametrize(
    ("model", "pictures", "changes", "said"),
    [
        ({}, 21, {"learning_rate": 0.5}, r"learning_rate is .* there and 0.5 here"),
        ({}, 21, {"epochs": 3}, "epochs is 2 there and 3 here"),
        ({"activation": "relu"}, 21, {}, "activation is gelu there and relu here"),
        ({}, 30, {}, "another number of pictures"),
    ],
    ids=["rate", "epochs", "model", "pictures"],
)
def test_a_state_of_another_recipe_is_refused_and_changes_nothing(
    make_trainer, tmp_path, model, pictures, changes, said
):
    begun = make_trainer()
    begun.advance(60)
    save_checkpoint(begun, tmp_path)
    other = make_trainer(model, pictures, **changes)
    before = other.weights()
    with pytest.raises(OtherTraining, match=rf"epoch-0001: .*{said}.*delete"):
        load_checkpoint(other, tmp_path)
    assert_same(other.weights(), before)
    assert other.epochs_done == 0 and states(tmp_path)


def test_a_state_from_before_settings_were_kept_is_gone_on_from(make_trainer):
    begun, other = make_trainer(), make_trainer()
    begun.advance(60)
    variables, values = begun.state()
    del values["settings"]
    other.restore(variables, values)
    assert_same(finish(other), finish(begun))


def test_a_setting_that_came_about_after_a_state_was_kept_had_its_default(make_trainer):
    begun, without = make_trainer(), make_trainer(erase=0.3)
    begun.advance(60)
    variables, values = begun.state()
    assert values["settings"]["train"].pop("erase") == 0
    make_trainer().restore(variables, values)
    with pytest.raises(OtherTraining, match=r"erase is 0.0 there and 0.3 here"):
        without.restore(variables, values)


@pytest.mark.parametrize("count", [1, 499, 500, 501])
def test_predictions_are_the_models_logits_for_any_number_of_pictures(tiny_model, tiny_pictures, count):
    model = build(tiny_model(blocks=1))
    images, _ = tiny_pictures(count, model.config)
    logits = Predictor(model)(images)
    assert logits.shape == (count, 4)
    np.testing.assert_allclose(logits, model(images), rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def tiny_dataset(tiny_model, tiny_pictures):
    config = tiny_model(classes=3)
    parts = [Split(*tiny_pictures(count, config, seed)) for count, seed in ((40, 0), (12, 1))]
    return Dataset("tiny", *parts, class_names=("a", "b", "c"), source="made up")


@pytest.fixture(scope="module")
def pair(tiny_model, tiny_training, tiny_dataset):
    vit = tiny_model(classes=3, blocks=1)
    stages = []
    training = tiny_training(validation_fraction=0.25, dataset="folder")
    results = train(
        [vit, vit.fast(3)], training, tiny_dataset, preset=None, on_progress=lambda stage, _: stages.append(stage)
    )
    return results, stages


def test_a_pair_is_recorded_as_a_pair_with_its_ratio(pair):
    (vit, fast), _ = pair
    assert (vit.record.pair, fast.record.pair) == (fast.record.id, vit.record.id)
    assert vit.record.id != fast.record.id
    for result in pair[0]:
        shared = result.record.timing["pair"]
        assert shared["other"] == result.record.pair and 0 < shared["q1"] <= shared["ratio"] <= shared["q3"]
    assert vit.record.timing["pair"]["ratio"] == fast.record.timing["pair"]["ratio"]


def test_a_record_holds_counts_scores_and_times(pair, tiny_dataset):
    for result in pair[0]:
        record = result.record
        assert record.operations == {"params": total_params(record.model), "macs": total_macs(record.model)}
        assert record.status == {"state": "finished", "epochs_done": 2, "reason": None}
        assert (record.class_names, record.data_source) == (("a", "b", "c"), "made up")
        assert set(record.metrics) == {"train", "validation", "test"}
        assert record.metrics["validation"] == pytest.approx(
            {name: record.history[-1][f"val_{name}"] for name in MEASURES}, rel=1e-4
        )
        timing = record.timing
        assert timing["train_seconds"] == pytest.approx(sum(timing["epoch_seconds"]))
        assert timing["compile_seconds"] > 0 and timing["setup_seconds"] > 0
        assert 0 < timing["step_ms"]["q1"] <= timing["step_ms"]["median"] <= timing["step_ms"]["q3"]
        assert (timing["batch_size"], timing["steps_per_epoch"]) == (8, 4)  # 30 of 40 pictures
        assert {"cpu", "cores", "memory_gb", "python", "tensorflow", "os"} <= set(timing["machine"])


def test_progress_is_reported_in_order(pair):
    stages = pair[1]
    assert [stage for stage, _ in itertools.groupby(stages)] == ["compile", "train", "evaluate"]


def test_a_saved_and_loaded_model_gives_the_same_logits(pair, tmp_path, tiny_dataset):
    store = RunStore(tmp_path)
    for result in pair[0]:
        store.save(result.record, result.weights)
        record = store.load(result.record.id)
        model = load_model(record)
        assert model.config == result.record.model
        trained = build(result.record.model)
        for name, variable in trained.named_weights().items():
            variable.assign(result.weights[name])
        np.testing.assert_array_equal(model(tiny_dataset.test.images), trained(tiny_dataset.test.images))
        logits = model(tiny_dataset.test.images).numpy()
        stored = scores(logits, tiny_dataset.test.labels)
        assert stored == pytest.approx(record.metrics["test"], rel=1e-4)


def test_one_model_alone_has_no_ratio(tiny_model, tiny_training, tiny_dataset):
    (result,) = train([tiny_model(classes=3, blocks=1)], tiny_training(epochs=1), tiny_dataset, preset=None)
    assert result.record.pair is None and result.record.timing["pair"] is None


def test_pictures_that_do_not_fit_are_refused_with_both_sides_named(tiny_model, tiny_training, tiny_dataset):
    fitting = tiny_model(classes=3)
    for other in ({"classes": 4}, {"image_size": 9}, {"channels": 3}):
        with pytest.raises(ValueError, match=r"The model reads .* tiny has \(8, 8, 1\) in 3"):
            train([dataclasses.replace(fitting, **other)], tiny_training(), tiny_dataset, preset=None)


def test_a_teacher_who_says_the_labels_teaches_what_the_labels_teach(tiny_model, tiny_training, tiny_pictures):
    config = tiny_model(classes=3, blocks=1)
    pictures, held_out = tiny_pictures(21, config), tiny_pictures(6, config, 1)
    labels = np.eye(3, dtype=np.float32)[pictures[1]]
    wrong = np.roll(labels, 1, axis=1)

    def trained(said, **changes):
        return finish(Trainer(config, tiny_training(**changes), pictures, held_out, said))

    plain = trained(None)
    taught = trained(np.stack([labels, labels]), teacher=0.4)
    misled = trained(np.stack([wrong, wrong]), teacher=0.4)
    for name in plain:
        np.testing.assert_allclose(taught[name], plain[name], atol=1e-4, err_msg=name)
    assert max(np.abs(misled[name] - plain[name]).max() for name in plain) > 1e-3


def test_a_share_for_a_teacher_without_a_teacher_is_refused(make_trainer):
    with pytest.raises(ValueError, match="zoo build"):
        make_trainer(teacher=0.5)
