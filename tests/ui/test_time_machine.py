"""The time machine without a browser: frames against traces made one by one, and what is said of what is missing."""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from kept_epochs import EPOCHS, cosines, fixed_images, traces_after, train_pair
from streamlit.testing.v1 import AppTest
from ui.untrained_runs import save_run

from vitviz.config import PRESETS, TrainConfig
from vitviz.figures.palette import DIVERGING, SEQUENTIAL
from vitviz.live import Snapshots, read_job
from vitviz.live.jobs import create
from vitviz.ui.time_machine import films, newest, tracer
from vitviz.ui.time_machine.fixed_pictures import NOT_AT_HAND, key_of, load_fixed
from vitviz.ui.time_machine.frames import Frame, as_cosine, as_root, from_root, patch_attention
from vitviz.ui.time_machine.payload import pack
from vitviz.ui.time_machine.view import View

PAGE = str(Path(__file__).parent / "time_machine_page.py")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    root = tmp_path_factory.mktemp("kept")
    return root, *train_pair(root)


@pytest.fixture
def copied(trained, tmp_path, monkeypatch):
    """A copy of the runs that a test may damage, as the only runs that there are."""
    root = shutil.copytree(trained[0], tmp_path / "runs")
    monkeypatch.setenv("VITVIZ_RUNS_DIR", str(root))
    monkeypatch.setenv("VITVIZ_ZOO_DIR", str(tmp_path / "no zoo"))
    return root


@pytest.fixture
def own_tracer():
    """A tracer that has made nothing yet."""
    return tracer.Tracer()


def all_frames(its_tracer, training, every_head=True) -> dict[str, dict[int, Frame | str]]:
    """Waits until every frame of a training is there."""
    end = time.monotonic() + 300
    while True:
        found = {
            film.label: its_tracer.frames(training, film, training.epochs(film), every_head=every_head)
            for film in training.films
        }
        if all(len(found[film.label]) == len(training.epochs(film)) for film in training.films):
            return found
        assert time.monotonic() < end, "the frames did not come about"
        time.sleep(0.02)


@pytest.fixture
def training(copied):
    (found,) = films.trainings()
    return found


def assert_as_root(values: np.ndarray, expected: np.ndarray) -> None:
    """Within what a byte of a square root can say."""
    wrong = np.abs(values - expected)
    assert (wrong <= np.sqrt(expected) / 255 + 1 / 255**2 + 1e-5).all(), wrong.max()


def test_every_frame_is_what_a_model_with_this_snapshots_weights_sees_in_each_fixed_picture(
    trained, training, own_tracer
):
    frames = all_frames(own_tracer, training)
    _, *runs = trained
    assert [list(of_one) for of_one in frames.values()] == [list(range(EPOCHS + 1))] * 2
    for run, label in zip(runs, ("ViT", "fast ViT"), strict=True):
        for epoch, frame in frames[label].items():
            expected = traces_after(run, epoch)
            assert frame.positions.shape == (16, 16)
            shown = frame.positions / 127.5 - 1
            np.testing.assert_allclose(shown, cosines(expected[0].position_embedding), atol=1 / 255 + 1e-4)
            for picture, traced in enumerate(expected):
                for layer, attention in enumerate(traced.attention):
                    assert_as_root(from_root(frame.attention[layer][picture]), attention)
                assert_as_root(from_root(frame.probabilities[picture]), traced.probabilities)
                if label == "fast ViT":
                    assert_as_root(from_root(frame.weight_maps[0][picture]), traced.weight_maps)
            assert len(frame.weight_maps) == (label == "fast ViT")


def test_epochs_differ_from_one_another(training, own_tracer):
    for frames in all_frames(own_tracer, training).values():
        seen = {frame.attention[0].tobytes() for frame in frames.values()}
        assert len(seen) == EPOCHS + 1


def test_the_mean_of_the_heads_is_taken_before_bytes_are_made_of_it(trained, training, own_tracer):
    frames = all_frames(own_tracer, training, every_head=False)
    expected = traces_after(trained[1], 2)
    for picture, traced in enumerate(expected):
        shown = from_root(frames["ViT"][2].attention[1][picture])
        assert shown.shape == (1, 16, 16)
        assert_as_root(shown[0], traced.attention[1].mean(axis=0))


def test_what_the_browser_gets_is_read_back_by_the_words_of_the_payload(trained, training, own_tracer):
    frames = all_frames(own_tracer, training)
    pictures = load_fixed(key_of(training))
    data = pack(training, frames, pictures, 4, {"key": "k"})
    length = int.from_bytes(data[:4], "little")
    header, body = json.loads(data[4 : 4 + length]), data[4 + length :]
    assert length % 4 == 0
    images, labels = fixed_images()
    found = np.frombuffer(body, np.uint8, header["image"]["length"], header["image"]["at"])
    np.testing.assert_array_equal(found.reshape(header["image"]["shape"]), images[4])
    assert (header["label"], header["last"], header["key"]) == (labels[4], EPOCHS, "k")
    assert tuple(header["sequential"]) == SEQUENTIAL and tuple(header["diverging"]) == DIVERGING
    for run, model in zip(trained[1:], header["models"], strict=True):
        assert model["accuracy"] == [[row["epoch"], row["val_accuracy"]] for row in run.history]
        assert model["mapTop"] == 1.0
        for described in model["frames"]:
            traced = traces_after(run, described["epoch"])[4]
            values = np.frombuffer(body, np.uint8, described["length"], described["at"])
            parts = [as_cosine(cosines(traced.position_embedding)), *map(as_root, traced.attention)]
            parts += [as_root(traced.weight_maps)] if run.model.n_maps else []
            expected = np.concatenate([part.ravel() for part in (*parts, as_root(traced.probabilities))])
            assert values.shape == expected.shape
            assert np.abs(values.astype(int) - expected).max() <= 1  # 1: compiled and eager differ in the last bit


def test_attention_between_learned_tokens_is_carried_back_by_the_shares_of_the_maps(trained):
    traced = traces_after(trained[2], EPOCHS)[0]
    carried = patch_attention(trained[2].model, 1, traced.attention[1], [traced.weight_maps])
    own = traced.weight_maps / traced.weight_maps.sum(axis=1, keepdims=True)
    back = traced.weight_maps / traced.weight_maps.sum(axis=0)
    expected = np.einsum("pi,hij,qj->hpq", own, traced.attention[1], back)
    np.testing.assert_allclose(carried, expected, rtol=1e-5)
    np.testing.assert_allclose(carried.sum(axis=-1), 1, rtol=1e-5)
    first = patch_attention(trained[2].model, 0, traced.attention[0], [traced.weight_maps])
    np.testing.assert_array_equal(first, traced.attention[0])


def test_a_damaged_epoch_gives_its_reason_and_the_others_their_frames(copied, training, own_tracer):
    damaged = training.films[0].snapshots.folder / "002.npz"
    damaged.write_bytes(damaged.read_bytes()[:-400])
    frames = all_frames(own_tracer, training)
    assert "002.npz is damaged" in frames["ViT"][2]
    assert all(isinstance(frame, Frame) for epoch, frame in frames["ViT"].items() if epoch != 2)
    assert all(isinstance(frame, Frame) for frame in frames["fast ViT"].values())
    shutil.copy(training.films[1].snapshots.folder / "002.npz", damaged)  # whole, but of the other model
    assert "002.npz" in all_frames(own_tracer, training)["ViT"][2]


def test_a_mended_epoch_is_shown_without_a_restart(copied, training, own_tracer):
    path = training.films[0].snapshots.folder / "001.npz"
    whole = path.read_bytes()
    path.write_bytes(b"")
    assert isinstance(all_frames(own_tracer, training)["ViT"][1], str)
    path.write_bytes(whole)
    assert isinstance(all_frames(own_tracer, training)["ViT"][1], Frame)


def test_an_epoch_whose_weights_are_no_numbers_says_that_the_training_diverged(copied, training, own_tracer):
    snapshots = training.films[0].snapshots
    snapshots.write(3, {name: values * np.nan for name, values in snapshots.weights(3).items()})
    frames = all_frames(own_tracer, training)
    assert "diverged" in frames["ViT"][3]
    assert isinstance(frames["ViT"][2], Frame)


def test_a_file_that_vanishes_while_it_is_asked_for_is_missing(copied, training, own_tracer):
    (training.films[0].snapshots.folder / "001.npz").unlink()
    found = own_tracer.frames(training, training.films[0], [1], every_head=True)
    assert found == {1: "its file is missing"}


def test_frames_stay_within_their_bounds(copied, training):
    small = tracer.Tracer(most_bytes=60_000)
    for film in training.films:
        for epoch in training.epochs(film):
            end = time.monotonic() + 300
            while not small.frames(training, film, [epoch], every_head=True):
                assert time.monotonic() < end
                time.sleep(0.02)
    assert 0 < sum(frame.nbytes for frame in small._kept.values()) <= 60_000
    assert sum(frame.nbytes for frame in small._kept.values()) == small._bytes


def test_one_training_is_found_for_a_pair_whichever_of_its_runs_is_named(trained, training):
    assert [film.label for film in training.films] == ["ViT", "fast ViT"]
    for run in trained[1:]:
        assert training.is_called(run.id)
    assert "patch size 7, 2 maps" in training.title
    assert not training.is_called("another")


def long_training(patch_size: int, epochs: int, folder) -> films.Training:
    """A pair of the tuned preset with the files of so many epochs, whatever is in them."""
    chosen = PRESETS["tuned"]
    models = [dataclasses.replace(chosen.model, patch_size=patch_size)]
    models.append(models[0].fast(8))
    made = []
    for config in models:
        (folder / config.kind).mkdir()
        for epoch in range(epochs + 1):
            (folder / config.kind / f"{epoch:03}.npz").touch()
        made.append(films.Film(config.kind, config, Snapshots(folder / config.kind), []))
    train = TrainConfig(epochs=epochs)
    return films.Training(id="long", title="long", films=tuple(made), train=train, class_names=())


def test_thirty_epochs_at_patch_size_4_weigh_less_than_a_megabyte_and_a_half(tmp_path):
    training = long_training(4, 30, tmp_path)
    assert not training.every_head()
    assert training.epochs(training.films[0]) == list(range(31))
    assert training._bytes(training.every_head()) < 1_500_000


def test_small_grids_come_with_every_head_and_large_ones_not_with_every_epoch(tmp_path):
    (tmp_path / "7").mkdir(), (tmp_path / "2").mkdir()
    assert long_training(7, 30, tmp_path / "7").every_head()
    large = long_training(2, 31, tmp_path / "2")
    epochs = large.epochs(large.films[0])
    assert len(epochs) < 31 and epochs[0] == 0 and epochs[-1] == 31
    assert len(epochs) * sum(films.frame_bytes(film.config, False) for film in large.films) < 1.1 * films.MOST_BYTES


def working_folder(copied, trained) -> films.Training:
    """The same pair, as a training that is at work looks."""
    _, vit, fast = trained
    folder = create(copied, "small", ["--patch-size", "7"], datetime.now(UTC).replace(microsecond=0))
    settings = json.loads((folder / "job.json").read_text())
    settings |= {
        "models": {run.model.kind: run.model.to_dict() for run in (vit, fast)}, "train": vit.train.to_dict(),
        "runs": {run.model.kind: run.id for run in (vit, fast)},
    }  # fmt: skip
    (folder / "job.json").write_text(json.dumps(settings))
    for run in (vit, fast):
        shutil.copytree(copied / run.id / "epochs", folder / "epochs" / run.model.kind)
        lines = "".join(json.dumps({"epoch": row}) + "\n" for row in run.history)
        (folder / f"history-{run.model.kind}.jsonl").write_text(lines)
    return read_job(copied, folder.name)


def test_a_training_with_a_working_folder_is_listed_once_although_its_runs_are_saved(copied, trained):
    job = working_folder(copied, trained)
    (found,) = films.trainings()
    assert found.id == job.id
    assert found.is_called(trained[1].id)
    assert found.films[0].accuracy() == {row["epoch"]: row["val_accuracy"] for row in trained[1].history}


def formed(job, words: str) -> str:
    """Waits until `forming` shows this of both models."""
    end = time.monotonic() + 300
    while (shown := newest.words_and_pictures(job)).count(words) < 2:
        assert time.monotonic() < end, shown[:300]
        time.sleep(0.02)
    return shown


def test_forming_shows_the_newest_epoch_of_both_models_and_then_the_next(copied, trained):
    job = working_folder(copied, trained)
    last = {run.model.kind: job.snapshots(run.model.kind).folder / f"{EPOCHS:03}.npz" for run in trained[1:]}
    kept = {kind: path.read_bytes() for kind, path in last.items()}
    for path in last.values():
        path.unlink()
    before = formed(job, f"after epoch {EPOCHS - 1} of {EPOCHS}")
    assert before.count("Weight maps, map") == 2 and before.count("Attention, layer") == 4
    assert f"validation {trained[1].history[EPOCHS - 2]['val_accuracy']:.1%}" in before
    for kind, path in last.items():
        path.write_bytes(kept[kind])
    again = newest.words_and_pictures(job)
    assert "after epoch" in again  # what was there stays until the next one is ready
    formed(job, f"after epoch {EPOCHS} of")


def test_forming_outlives_files_that_are_half_written_missing_or_gone(copied, trained):
    job = working_folder(copied, trained)
    formed(job, f"after epoch {EPOCHS} of")
    folder = job.snapshots("vit").folder
    (folder / f"{EPOCHS + 1:03}.npz").write_bytes(b"PK\3\4 half of it")
    (folder / "pictures.json").write_text("{")
    assert "after epoch" in newest.words_and_pictures(job)
    (job.folder / "history-vit.jsonl").write_text('{"epoch": {"epo')
    assert "after epoch" in newest.words_and_pictures(job)
    shutil.rmtree(job.folder)
    assert "after epoch" in newest.words_and_pictures(job)


def test_forming_of_a_training_that_has_kept_nothing_yet_says_so(copied, trained):
    job = working_folder(copied, trained)
    shutil.rmtree(job.folder / "epochs")
    assert "in a moment" in newest.words_and_pictures(job)


def test_pictures_that_are_not_at_hand_are_replaced_and_it_is_said(copied, training):
    elsewhere = dataclasses.replace(training, train=dataclasses.replace(training.train, dataset="folder"))
    pictures = load_fixed(key_of(elsewhere))
    assert pictures.note == NOT_AT_HAND
    assert len(pictures) == 10 and set(pictures.labels) == {None}


@pytest.fixture
def page(copied):
    """A function: a query in, the page out when it shows all that it waits for."""

    def visit(**query: str) -> AppTest:
        app = AppTest.from_file(PAGE, default_timeout=120)
        app.query_params.update(query)
        app.run()
        end = time.monotonic() + 300
        while app.get("progress"):
            assert time.monotonic() < end
            time.sleep(0.05)
            app.run()
        assert not app.exception
        return app

    return visit


def said(app: AppTest) -> str:
    """The texts of the page."""
    return " ".join(block.proto.body for block in app.get("html") if not block.proto.body.startswith("<style"))


@pytest.mark.parametrize("number", [0, 1])
def test_a_link_to_either_run_of_a_pair_opens_the_pair(page, trained, number):
    app = page(run=trained[1 + number].id, picture="3")
    assert app.selectbox(key="time_machine_run").value == trained[1].id
    assert machines(app) == 1
    assert "vv-warning" not in said(app)


def machines(app: AppTest) -> int:
    """How many time machines the page shows."""
    return sum("vitviz_time_machine" in str(found.proto) for found in app.get("bidi_component"))


def test_a_run_without_snapshots_is_told_and_those_with_are_offered(page, copied, trained):
    train = dataclasses.replace(PRESETS["tuned"].train, epochs=2, limit=100)
    id = save_run(copied, dataclasses.replace(PRESETS["tuned"].model, patch_size=14), train, "tuned")
    app = page(run=id)
    assert f"The run {id} has no snapshots of its epochs" in said(app)
    assert machines(app) == 0
    choice = app.selectbox(key="time_machine_run")
    assert choice.value is None
    choice.set_value(trained[1].id).run()
    assert "vv-warning" not in said(app)


def test_a_run_that_is_not_there_is_told(page):
    assert "There is no run nothing-like-it here." in said(page(run="nothing-like-it"))
    assert "There is no run ../../etc here." in said(page(run="../../etc"))


def test_without_any_training_the_page_says_how_to_come_by_one(page, copied):
    shutil.rmtree(copied)
    assert "No training here has kept its epochs yet." in said(page())


@pytest.mark.parametrize("picture", ["x", "-1", "999", "٣"])
def test_a_picture_that_is_not_there_is_no_fault(page, picture):
    assert machines(page(picture=picture)) == 1


def test_a_link_that_makes_no_sense_is_ignored():
    for bad in ("", "x", "12.", "99999", "1e3", "-1", "1,2;", "<b>"):
        assert View.read(dict.fromkeys(("epoch", "pin", "heads", "overlay"), bad)) == View()
    view = View(epoch="2.5", pin="8,20", heads="each", overlay="off")
    assert View.read(view.to_query()) == view
    assert set(View().to_query().values()) == {None}
