"""The command line, as a person and a script meet it: what is printed, what is written, and how it fails."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy_reference as reference
import pytest
from PIL import Image

from vitviz.commands import main
from vitviz.data import hold_out, load
from vitviz.runs import RunStore

ROOT = Path(__file__).parents[1]
SCORES = {"loss", "accuracy", "precision", "recall", "top5"}
SMALL = [
    "--dataset", "fashion_mnist_mini", "--patch-size", "7", "--blocks", "2", "--insert-after", "1", "--width", "16",
    "--heads", "2", "--key-dim", "4", "--feed-forward", "16",
]  # fmt: skip
CUT = 40  # pictures: enough for 10 classes and a held-out part


def called(*arguments: object) -> subprocess.CompletedProcess:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "vitviz", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.fixture
def vitviz(capsys):
    """A function: arguments in; exit status, standard output and standard error out. Runs in this process."""

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:  # argparse's own
            status = end.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def asked(vitviz):
    """A function: arguments in, the object of `--json` out; the command must succeed and say nothing else there."""

    def run(*arguments: object) -> dict:
        status, out, err = vitviz(*arguments, "--json")
        assert (status, err) == (0, "")
        return json.loads(out.splitlines()[-1])

    return run


@pytest.fixture
def refused(vitviz):
    """A function: arguments in, the one line of the error out; the command must fail and print nothing else."""

    def run(*arguments: object) -> str:
        status, out, err = vitviz(*arguments, "--json")
        assert status not in (0, None)
        assert "Traceback" not in err and '{"' not in out
        assert len(err.splitlines()) == 1, err
        return err

    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A pair trained in a process of its own: the folder of its runs, the process, and the object that it printed."""
    folder = tmp_path_factory.mktemp("runs")
    process = called(
        "train", *SMALL, "--model", "both", "--n-maps", 3, "--classes", 4, "--epochs", 2, "--batch-size", 8,
        "--limit", CUT, "--seed", 5, "--runs-dir", folder, "--json",
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    return folder, process, json.loads(process.stdout.splitlines()[-1])


@pytest.fixture(params=["vit", "fast"])
def run_id(request, trained):
    (found,) = (run["id"] for run in trained[2]["runs"] if run["model"] == request.param)
    return found


@pytest.fixture
def copied(trained, tmp_path):
    """The trained runs, to be damaged: their folder, and the id of the fast one."""
    shutil.copytree(trained[0], tmp_path / "runs")
    return tmp_path / "runs", trained[2]["runs"][1]["id"]


def pictures(split: str):
    """What `trained` was trained and tested on."""
    dataset = load("fashion_mnist_mini", classes=4, limit=CUT)
    kept, held_out = hold_out(dataset.train, 0.1)
    return {"train": kept, "validation": held_out, "test": dataset.test}[split]


def test_train_prints_one_object_with_the_promised_names(trained):
    answer = trained[2]
    assert set(answer) == {"runs", "time_ratio"} and answer["time_ratio"] > 0
    assert [run["model"] for run in answer["runs"]] == ["vit", "fast"]
    for run in answer["runs"]:
        assert set(run) == {
            "id", "model", "params", "macs", "train_seconds", "step_ms_median", "train", "validation", "test"
        }  # fmt: skip
        assert all(set(run[split]) == SCORES for split in ("train", "validation", "test"))
        assert run["train_seconds"] > 0 and run["step_ms_median"] > 0
        assert all(run[split]["top5"] == 1 for split in ("train", "validation", "test"))  # of four classes
    assert answer["runs"][0]["macs"] > answer["runs"][1]["macs"] > 0


def test_train_says_nothing_on_standard_error_and_compares_both_models_for_a_person(trained):
    _, process, answer = trained
    assert process.stderr == ""
    lines = process.stdout.splitlines()
    for words in ("parameters", "one step, median", "test accuracy", "bundled sample", "top5 is always 1", "0.636"):
        assert any(words in line for line in lines), words
    for run in answer["runs"]:
        (parameters,) = (line for line in lines if line.startswith("parameters"))
        assert f"{run['params']:,}" in parameters


def test_train_leaves_two_whole_runs_and_nothing_else(trained):
    folder, _, answer = trained
    assert sorted(path.name for path in folder.iterdir()) == sorted(run["id"] for run in answer["runs"])
    store = RunStore(folder)
    for run in answer["runs"]:
        record = store.load(run["id"])
        assert record.metrics == {split: run[split] for split in ("train", "validation", "test")}
        assert (record.model.n_maps, record.model.classes) == (3 if run["model"] == "fast" else None, 4)
        assert (record.train.limit, record.train.seed, record.train.epochs, record.preset) == (CUT, 5, 2, "tuned")
        assert len(record.class_names) == 4 and record.class_names[0] == "T-shirt/top"
        with open(folder / run["id"] / "history.csv", newline="") as file:
            assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]


def test_training_again_with_the_same_seed_gives_the_same_model(trained, asked, tmp_path):
    folder, _, answer = trained
    first = answer["runs"][1]
    again = asked(
        "train", *SMALL, "--model", "fast", "--n-maps", 3, "--classes", 4, "--epochs", 2, "--batch-size", 8,
        "--limit", CUT, "--seed", 5, "--runs-dir", tmp_path,
    )  # fmt: skip
    assert again["time_ratio"] is None
    (run,) = again["runs"]
    one, other = RunStore(folder).load(first["id"]).weights(), RunStore(tmp_path).load(run["id"]).weights()
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@pytest.mark.data
def test_the_tutorials_pair_trains_on_the_real_set(asked, real_fashion_mnist, tmp_path):
    answer = asked(
        "train", "--preset", "article", "--model", "both", "--classes", 4, "--limit", 120, "--epochs", 1,
        "--runs-dir", tmp_path,
    )  # fmt: skip
    assert [run["params"] for run in answer["runs"]] == [922_420, 927_604]
    record = RunStore(tmp_path).load(answer["runs"][0]["id"])
    assert record.class_names == real_fashion_mnist.class_names[:4]
    assert record.data_source == real_fashion_mnist.source


@pytest.mark.parametrize(("model", "split"), [("vit", "test"), ("fast", "train"), ("fast", "validation")])
def test_evaluate_equals_the_stored_scores(trained, asked, model, split):
    (run_id,) = (run["id"] for run in trained[2]["runs"] if run["model"] == model)
    answer = asked("evaluate", run_id, "--split", split, "--runs-dir", trained[0])
    stored = RunStore(trained[0]).load(run_id).metrics[split]
    assert {name: answer[name] for name in SCORES} == pytest.approx(stored, rel=1e-5)
    assert answer["pictures"] == len(pictures(split)) and answer["id"] == run_id and answer["split"] == split


def test_evaluate_takes_the_test_split_and_as_much_of_an_id_as_is_unique(trained, asked):
    run_id = trained[2]["runs"][1]["id"]
    stored = RunStore(trained[0]).load(run_id).metrics["test"]
    assert asked("evaluate", run_id[:-1], "--runs-dir", trained[0])["loss"] == pytest.approx(stored["loss"], rel=1e-5)


def test_runs_lists_what_was_trained_and_names_what_is_damaged(copied, asked, vitviz):
    folder, fast = copied
    answer = asked("runs", "--runs-dir", folder)
    assert {run["id"]: run["model"] for run in answer["runs"]}[fast] == "fast"
    assert len(answer["runs"]) == 2 and answer["damaged"] == {}
    (folder / fast / "config.json").write_text("{")
    answer = asked("runs", "--runs-dir", folder)
    assert len(answer["runs"]) == 1 and list(answer["damaged"]) == [fast]
    status, out, _ = vitviz("runs", "--runs-dir", folder)
    assert status == 0 and f"{answer['runs'][0]['id']} " in out and "damaged" in out


def test_runs_of_an_empty_folder_says_how_to_begin(vitviz, asked, tmp_path):
    status, out, _ = vitviz("runs", "--runs-dir", tmp_path / "none")
    assert status == 0 and "train" in out
    assert asked("runs", "--runs-dir", tmp_path / "none")["runs"] == []


@pytest.mark.parametrize("index", [0, 7])
def test_trace_writes_the_forward_pass_of_one_picture(trained, asked, run_id, tmp_path, index):
    """The model is gone here: only what lies in the run's folder goes into the computation in NumPy."""
    out = tmp_path / "trace.npz"
    answer = asked("trace", run_id, "--index", index, "--out", out, "--runs-dir", trained[0])
    record, test = RunStore(trained[0]).load(run_id), pictures("test")
    with np.load(out, allow_pickle=False) as archive:
        arrays = dict(archive)
    expected = reference.forward(record.model, record.weights(), test.images[index])
    assert arrays.keys() == expected.keys() == answer["shapes"].keys()
    fast = record.model.n_maps is not None
    promised = {"image", "patches", "position_embedding", "logits", "probabilities"}
    promised |= {"tokens_0", "tokens_1", "tokens_2", "attention_0", "attention_1"}
    promised |= {"weight_maps", "learned_tokens"} if fast else set()
    assert set(arrays) == promised
    for name, array in arrays.items():
        assert list(array.shape) == answer["shapes"][name] and array.dtype == np.float32
        np.testing.assert_allclose(array, expected[name], rtol=1e-3, atol=1e-4, err_msg=name)
    assert arrays["attention_1"].shape == ((2, 3, 3) if fast else (2, 16, 16))
    assert answer["answer"] == record.class_names[int(expected["probabilities"].argmax())]
    assert answer["truth"] == record.class_names[test.labels[index]]
    assert list(tmp_path.iterdir()) == [out]


def test_trace_reads_other_splits(trained, asked, run_id, tmp_path):
    out = tmp_path / "trace.npz"
    asked("trace", run_id, "--index", 1, "--split", "validation", "--out", out, "--runs-dir", trained[0])
    np.testing.assert_array_equal(np.load(out)["image"], pictures("validation").images[1])


def test_trace_reads_a_picture_of_ones_own(trained, asked, run_id, tmp_path):
    file, out = tmp_path / "coat.png", tmp_path / "trace.npz"
    image = pictures("test").images[3]
    Image.fromarray(image[..., 0]).save(file)
    answer = asked("trace", run_id, "--image", file, "--out", out, "--runs-dir", trained[0])
    assert answer["truth"] is None
    assert np.load(out)["image"].shape == (28, 28, 1)


def test_summary_counts_the_tutorials_layers(asked):
    vit = asked("summary", "--preset", "article", "--patch-size", 5, "--classes", 4, "--model", "vit")
    assert set(vit) == {"layers", "total_params", "total_macs"}
    fast = asked("summary", "--preset", "article", "--patch-size", 5, "--classes", 4, "--model", "fast", "--n-maps", 4)
    assert (vit["total_params"], fast["total_params"]) == (922_420, 927_604)
    table = {row["name"]: row for row in fast["layers"]}
    assert all(set(row) == {"name", "output_shape", "params", "macs"} for row in fast["layers"])
    assert [table[f"block_{number}"]["params"] for number in (1, 2, 3, 4)] == [223_972] * 4
    assert (table["embedding"]["params"], table["token_learner"]["params"]) == (6_578, 5_184)
    assert (table["embedding"]["output_shape"], table["token_learner"]["output_shape"]) == ([25, 128], [4, 128])
    assert sorted(row["params"] for row in fast["layers"])[:4] == [0, 0, 604, 5_184]
    assert table["block_1"]["macs"] == 6_035_200
    for answer in (vit, fast):
        assert sum(row["params"] for row in answer["layers"]) == answer["total_params"]
        assert sum(row["macs"] for row in answer["layers"]) == answer["total_macs"]
    assert fast["total_macs"] / vit["total_macs"] == pytest.approx(0.58, abs=0.005)


def test_summary_of_both_prints_both_tables(asked, vitviz):
    both = asked("summary", "--preset", "article")
    assert (both["vit"]["total_params"], both["fast"]["total_params"]) == (922_420, 927_604)
    out = vitviz("summary", "--preset", "article")[1]
    assert "922,420" in out and "927,604" in out and "never connected" in out


def test_the_summary_of_a_run_that_was_trained_has_its_counts(trained, asked):
    counted = asked("summary", *SMALL[2:], "--model", "fast", "--n-maps", 3, "--classes", 4)
    run = trained[2]["runs"][1]
    assert (counted["total_params"], counted["total_macs"]) == (run["params"], run["macs"])
    stored = RunStore(trained[0]).load(run["id"]).weights()
    assert sum(array.size for array in stored.values()) == run["params"]


BAD_OPTIONS = [
    (["--patch-size", 0], "patch_size", "0"),
    (["--patch-size", 29], "patch_size", "29"),
    (["--n-maps", 0], "n_maps", "0"),
    (["--n-maps", 49], "n_maps", "49"),
    (["--insert-after", 5], "insert_after", "5"),
    (["--fuse-after", 2], "fuse_after", "2"),
    (["--edge", "cut"], "edge", "cut"),
    (["--norm", "none"], "norm", "none"),
    (["--token-learner", "v2"], "token_learner", "v2"),
    (["--classes", 1], "classes", "1"),
    (["--classes", 11], "classes", "11"),
    (["--epochs", 0], "epochs", "0"),
    (["--batch-size", -3], "batch_size", "-3"),
    (["--learning-rate", "nan"], "learning_rate", "nan"),
    (["--limit", 0], "limit", "0"),
    (["--seed", -1], "seed", "-1"),
]


@pytest.mark.parametrize(("options", "name", "value"), BAD_OPTIONS, ids=lambda part: str(part))
def test_a_bad_value_is_named_in_one_line_and_nothing_is_trained(refused, tmp_path, options, name, value):
    folder = tmp_path / "runs"
    error = refused("train", "--dataset", "fashion_mnist_mini", "--runs-dir", folder, *options)
    assert name in error and value in error
    assert not folder.exists()


@pytest.mark.parametrize("options", [["--epochs", "six"], ["--preset", "best"], ["--hue", "3"], ["--dataset", "svhn"]])
def test_an_option_that_cannot_be_read_is_refused_in_one_line_too(refused, options):
    error = refused("train", *options)
    assert options[0] in error


def test_a_summary_of_bad_values_fails_alike(refused):
    assert "patch_size" in refused("summary", "--patch-size", 40)


@pytest.mark.parametrize("command", [["evaluate"], ["trace", "--index", "0", "--out", "x.npz"]])
def test_an_unknown_run_is_named_and_the_way_to_the_list_is_told(refused, tmp_path, command):
    error = refused(command[0], "20200101-nothing", *command[1:], "--runs-dir", tmp_path)
    assert "20200101-nothing" in error and "runs" in error


def test_an_id_that_begins_both_runs_is_refused(trained, refused):
    assert "begins the ids of 2 runs" in refused("evaluate", trained[2]["runs"][0]["id"][:6], "--runs-dir", trained[0])


@pytest.mark.parametrize("index", [-1, 40, 10**6])
def test_a_picture_that_is_not_there_is_refused_with_the_range(trained, refused, run_id, tmp_path, index):
    out = tmp_path / "trace.npz"
    error = refused("trace", run_id, f"--index={index}", "--out", out, "--runs-dir", trained[0])
    assert "0 to 39" in error and str(index) in error and not out.exists()


def test_a_picture_file_that_is_none_is_refused(trained, refused, run_id, tmp_path):
    file = tmp_path / "notes.png"
    for content in (None, b"no picture"):
        if content:
            file.write_bytes(content)
        error = refused("trace", run_id, "--image", file, "--out", tmp_path / "x.npz", "--runs-dir", trained[0])
        assert "notes.png" in error


def test_a_trace_that_cannot_be_written_says_where(trained, refused, run_id, tmp_path):
    error = refused("trace", run_id, "--index", 0, "--out", tmp_path / "none" / "x.npz", "--runs-dir", trained[0])
    assert str(tmp_path / "none") in error


def cut_in_half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_one(path):
    arrays = dict(np.load(path))
    arrays.pop("classify/kernel")
    np.savez(path, **arrays)


def of_another_shape(path):
    arrays = dict(np.load(path))
    np.savez(path, **(arrays | {"classify/kernel": arrays["classify/kernel"][:, :2]}))


def of_objects(path):
    arrays = dict(np.load(path))
    np.savez(path, **(arrays | {"classify/kernel": np.array([{"a": 1}], object)}))


@pytest.mark.parametrize("damage", [cut_in_half, without_one, of_another_shape, of_objects, Path.unlink])
def test_damaged_weights_are_named_and_never_used(copied, refused, tmp_path, damage):
    folder, fast = copied
    damage(folder / fast / "weights.npz")
    for command in (["evaluate", fast], ["trace", fast, "--index", 0, "--out", tmp_path / "x.npz"]):
        error = refused(*command, "--runs-dir", folder)
        assert "weights.npz" in error and fast in error


def test_a_run_without_held_out_pictures_has_no_validation_split(copied, refused):
    folder, fast = copied
    config = json.loads((folder / fast / "config.json").read_text())
    config["train"]["validation_fraction"] = 0
    (folder / fast / "config.json").write_text(json.dumps(config))
    assert "held no pictures out" in refused("evaluate", fast, "--split", "validation", "--runs-dir", folder)


def test_data_that_is_not_there_is_refused_before_training(refused, tmp_path):
    for folder in (str(tmp_path / "none"), "~nosuchuser/x"):
        error = refused("train", "--dataset", "folder", "--data-dir", folder, "--runs-dir", tmp_path / "runs")
        assert folder in error and not (tmp_path / "runs").exists()


def test_errors_in_a_process_of_its_own_have_a_status_one_line_and_no_traceback(tmp_path):
    process = called("train", "--patch-size", 99, "--runs-dir", tmp_path, "--json")
    assert process.returncode == 1 and process.stdout == ""
    assert len(process.stderr.splitlines()) == 1 and "patch_size" in process.stderr


@pytest.mark.parametrize("command", ["train", "summary", "evaluate", "runs", "trace"])
def test_every_command_has_help_with_its_common_options(vitviz, command):
    status, out, _ = vitviz(command, "--help")
    assert status == 0 and "--runs-dir" in out and "--json" in out


def test_without_a_command_the_usage_is_told_and_the_status_is_not_0(vitviz):
    status, _, err = vitviz()
    assert status not in (0, None) and "usage" in err


def test_a_folder_of_colour_pictures_is_trained_on_and_traced(asked, tmp_path):
    random = np.random.default_rng(0)
    for label, colour in (("blue", 2), ("red", 0)):
        (tmp_path / "mine" / label).mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(0, 60, (20, 20, 3)).astype(np.uint8)
            pixels[..., colour] += 150
            Image.fromarray(pixels).save(tmp_path / "mine" / label / f"{number}.png")
    answer = asked(
        "train", "--model", "fast", "--dataset", "folder", "--data-dir", tmp_path / "mine", *SMALL[2:], "--n-maps", 2,
        "--epochs", 1, "--batch-size", 4, "--runs-dir", tmp_path / "runs",
    )  # fmt: skip
    run_id, out = answer["runs"][0]["id"], tmp_path / "trace.npz"
    place = ["--data-dir", tmp_path / "mine", "--runs-dir", tmp_path / "runs"]
    record = RunStore(tmp_path / "runs").load(run_id)
    assert (record.class_names, record.model.channels) == (("blue", "red"), 3)
    assert asked("evaluate", run_id, *place)["loss"] == pytest.approx(record.metrics["test"]["loss"], rel=1e-5)
    traced = asked("trace", run_id, "--index", 0, "--out", out, *place)
    assert np.load(out)["image"].shape[-1] == 3 and traced["truth"] in ("blue", "red")
