"""A run whose files are damaged, missing or made to mislead is named in a sentence, and the others stay usable."""

from __future__ import annotations

import io
import json
import pickle
import zipfile

import numpy as np
import pytest

from vitviz.runs import RunError


class Trap:
    """Tells on whoever unpickles it."""

    sprung = False

    def __reduce__(self):
        return (_spring, ())


def _spring():
    Trap.sprung = True


def _edit(path, **changes):
    values = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(values | changes), encoding="utf-8")


def _npz(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.fixture
def broken(store, saved, make_record, weights):
    """Checks that a run damaged so far is reported with one sentence, and that another run goes on."""
    store.save(make_record("whole"), weights)

    def check(sentence: str) -> None:
        assert [record.id for record in store.list()] == ["whole"]
        reasons = store.damaged()
        assert list(reasons) == [saved.name]
        assert sentence in reasons[saved.name] and "\n" not in reasons[saved.name]
        with pytest.raises(RunError) as caught:
            store.load(saved.name)
        assert str(caught.value).startswith(f"The run {saved.name} is damaged: ")
        assert sentence in str(caught.value) and "delete the run" in str(caught.value)
        store.delete(saved.name)  # the way out that is named must be open
        assert store.damaged() == {}

    return check


@pytest.mark.parametrize("name", ["config.json", "history.csv", "timing.json", "metrics.json", "operations.json",
                                  "status.json", "weights.npz"])
def test_a_missing_file_is_named(saved, broken, name):
    (saved / name).unlink()
    broken(f"{name} is missing.")


@pytest.mark.parametrize("name", ["config.json", "timing.json", "metrics.json", "operations.json", "status.json"])
@pytest.mark.parametrize("content", [b"", b'{"model": {', b"\xff\xfe\x00", b"[" * 100_000, b"[1, 2]", b"7"],
                         ids=["empty", "cut short", "no text", "endlessly nested", "a list", "a number"])
def test_json_that_is_no_table_is_named(saved, broken, name, content):
    (saved / name).write_bytes(content)
    broken(name)


@pytest.mark.parametrize(("changes", "sentence"), [
    ({"model": {"patch_sise": 4}}, "config.json breaks a rule: ModelConfig has no setting 'patch_sise'"),
    ({"model": {"patch_size": 29}}, "config.json breaks a rule: patch_size must be a whole number from 1 to 28"),
    ({"model": {"patch_size": "4"}}, "patch_size must be a whole number"),
    ({"model": None}, "config.json breaks a rule: ModelConfig needs a table"),
    ({"train": [1]}, "config.json breaks a rule: TrainConfig needs a table"),
    ({"created": "yesterday"}, "a date and time under 'created', not 'yesterday'"),
    ({"created": 7}, "a date and time under 'created', not 7"),
    ({"class_names": ["a"]}, "class_names must be 3 names"),
    ({"class_names": None}, "class_names must be 3 names"),
    ({"pair": "../../etc"}, "A run's id is"),
    ({"preset": 3}, "preset must be a name"),
    ({"data_source": None}, "data_source must be a text"),
])
def test_a_setting_that_breaks_a_rule_is_named(saved, broken, changes, sentence):
    _edit(saved / "config.json", **changes)
    broken(sentence)


def test_a_setting_that_is_not_there_is_named(saved, broken):
    values = json.loads((saved / "config.json").read_text(encoding="utf-8"))
    del values["train"]
    (saved / "config.json").write_text(json.dumps(values))
    broken("config.json has no entry 'train'.")


@pytest.mark.parametrize(("name", "changes", "sentence"), [
    ("status.json", {"state": "running"}, "status must have a state, one of finished, stopped, failed"),
    ("status.json", {"epochs_done": -1}, "epochs_done, a whole number, not -1"),
    ("status.json", {"epochs_done": 5}, "a row for each of the 5 epochs done, not 2"),
    ("metrics.json", {"test": {"loss": "low"}}, "metrics of test must be numbers"),
    ("metrics.json", {"exam": {}}, "metrics has the splits train, validation, test, not 'exam'"),
    ("operations.json", {"macs": None}, "whole numbers params and macs"),
])
def test_a_value_of_the_wrong_kind_is_named(saved, broken, name, changes, sentence):
    _edit(saved / name, **changes)
    broken(sentence)


@pytest.mark.parametrize(("change", "sentence"), [
    (lambda text: "", "history.csv is damaged"),
    (lambda text: text.replace("val_loss", "test_loss"), "history.csv has no column 'test_loss'"),
    (lambda text: text.replace("0.05", "a lot"), "history.csv is damaged: could not convert string to float"),
    (lambda text: text.replace("\n2,", "\n2.5,"), "history.csv is damaged: invalid literal for int"),
    (lambda text: text.replace("\n2,", "\n3,"), "row 2 of history must be epoch 2, not 3"),
    (lambda text: text.rstrip()[:-12], "history.csv is damaged: every line must have as many values"),
    (lambda text: text[:text.index("\n2,") + 1], "a row for each of the 2 epochs done, not 1"),
    (lambda text: text + '"', "history.csv is damaged"),
])
def test_a_damaged_history_is_named(saved, broken, change, sentence):
    path = saved / "history.csv"
    text = path.read_text(encoding="utf-8")
    assert change(text) != text
    path.write_text(change(text), encoding="utf-8")
    broken(sentence)


@pytest.mark.parametrize("keep", [0, 10, 0.5, -1])
def test_an_archive_that_was_cut_short_is_noticed_before_it_is_needed(saved, broken, keep):
    path = saved / "weights.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[:int(len(whole) * keep)] if isinstance(keep, float) else whole[:keep])
    broken("weights.npz is damaged")


def test_what_is_no_archive_is_refused_without_being_unpickled(saved, broken):
    (saved / "weights.npz").write_bytes(pickle.dumps({"w": Trap()}))
    broken("weights.npz is damaged")
    assert not Trap.sprung


def test_one_bare_array_is_no_archive(saved, broken):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    (saved / "weights.npz").write_bytes(buffer.getvalue())
    broken("weights.npz is damaged: it holds one bare array")


def _refused(store, saved, sentence):
    """The archive has a sound table of contents, so the damage shows where the weights are read."""
    record = store.load(saved.name)
    with pytest.raises(RunError) as caught:
        record.weights()
    assert sentence in str(caught.value) and f"The run {saved.name} is damaged: " in str(caught.value)


def test_an_array_of_objects_is_refused_without_being_unpickled(store, saved):
    trap = np.array([Trap()], dtype=object)
    content = _npz(w=np.zeros(2, np.float32), trap=trap)
    (saved / "weights.npz").write_bytes(content)
    _refused(store, saved, "weights.npz is damaged or holds something other than plain arrays")
    assert not Trap.sprung
    with np.load(io.BytesIO(content), allow_pickle=True) as archive:
        archive["trap"]
    assert Trap.sprung  # the trap works: it would have told
    Trap.sprung = False


@pytest.mark.parametrize("array", [np.array(["a"]), np.zeros(2, complex), np.zeros(2, "datetime64[s]"),
                                   np.zeros(2, [("a", float)]), np.zeros(2, int)], ids=lambda array: str(array.dtype))
def test_arrays_of_anything_but_real_numbers_are_refused(store, saved, array):
    (saved / "weights.npz").write_bytes(_npz(w=array))
    _refused(store, saved, f"must hold arrays of real numbers only; 'w' is {array.dtype}")


def test_a_member_that_is_no_array_is_refused(store, saved):
    with zipfile.ZipFile(saved / "weights.npz", "w") as archive:
        archive.writestr("note.txt", "hello")
    _refused(store, saved, "must hold arrays of real numbers only; 'note.txt' is bytes")


def test_one_flipped_bit_in_the_weights_is_noticed(store, saved, weights):
    path = saved / "weights.npz"
    content = bytearray(path.read_bytes())
    content[content.index(weights["embedding/kernel"].tobytes()[:64]) + 30] ^= 1
    path.write_bytes(content)
    _refused(store, saved, "weights.npz is damaged")


def test_a_header_that_promises_more_than_any_memory_is_refused(store, saved):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (2**60,)})
    with zipfile.ZipFile(saved / "weights.npz", "w") as archive:
        archive.writestr("w.npy", header.getvalue())
    _refused(store, saved, "weights.npz is damaged")


def test_weights_that_do_not_fit_their_model_are_named(store, saved, weights):
    record = store.load(saved.name)
    shapes = {name: array.shape for name, array in weights.items()}
    assert set(record.weights(shapes)) == set(shapes)
    with pytest.raises(RunError, match=r"weights.npz does not fit its model: it holds no weight 'output/kernel'"):
        record.weights(shapes | {"output/kernel": (128, 3)})
    with pytest.raises(RunError, match=r"'output/bias' must have the shape \(4,\), not \(3,\)"):
        record.weights(shapes | {"output/bias": (4,)})
    del shapes["output/bias"]
    with pytest.raises(RunError, match="does not fit its model, which has no weight 'output/bias'"):
        record.weights(shapes)


def test_a_folder_that_is_no_run_is_reported_and_files_and_hidden_folders_are_not(store, saved):
    (store.root / "my notes").mkdir()
    (store.root / "empty").mkdir()
    (store.root / ".live").mkdir()
    (store.root / "README.txt").write_text("mine")
    reasons = store.damaged()
    assert set(reasons) == {"my notes", "empty"} and reasons["empty"] == "config.json is missing."
    assert [record.id for record in store.list()] == [saved.name]


def test_what_else_stands_in_a_run_is_left_alone(store, saved):
    (saved / "epochs").mkdir()
    (saved / "epochs" / "1.npz").write_bytes(b"later")
    assert store.load(saved.name).id == saved.name and store.damaged() == {}
