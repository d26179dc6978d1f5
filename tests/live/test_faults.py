"""A full disk, a closed folder, too little memory: each is told in one sentence and loses nothing."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from live_trainings import EPOCHS, PATIENCE, ROOT, SMALL, only_job, until, within_an_epoch

from vitviz.live import JobError, estimate, start
from vitviz.runs import RunStore

pytestmark = pytest.mark.skipif(os.name != "posix", reason="mounts and permissions as POSIX has them")

# A namespace of its own: the disk is gone with the command, so what it held is copied out at the end.
TO_A_SMALL_DISK = """
mount -t tmpfs -o size="$1" tmpfs "$2" || exit 99
out="$3"; disk="$2"; shift 3
"$@"; status=$?
cp -a "$disk" "$out"; exit $status
"""
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2  # of Linux
FILE_BYTES = 12_000  # a model's settings and progress fit; its weights do not
WAYS = (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"])


@pytest.fixture
def on_a_disk_of(tmp_path):
    """A function: a size, a command and {root} in it in; the finished process and what the disk held at the end out."""

    def run(size: str, *command: str) -> tuple[subprocess.CompletedProcess, Path]:
        disk, out = tmp_path / "disk", tmp_path / "out"
        disk.mkdir()
        for way in WAYS:
            if shutil.which("unshare") is None or subprocess.run([*way, "true"], capture_output=True).returncode:
                continue
            filled = [part.replace("{root}", str(disk / "runs")) for part in command]
            process = subprocess.run(
                [*way, "sh", "-c", TO_A_SMALL_DISK, "sh", size, str(disk), str(out), *filled],
                cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE,
            )  # fmt: skip
            if process.returncode != 99:
                return process, out / "runs"
        reason = "no small disk can be mounted here: it takes root, or namespaces of one's own, and no container around"
        if os.environ.get("VITVIZ_REQUIRE_DISK") == "1":
            pytest.fail(f"{reason} (VITVIZ_REQUIRE_DISK is 1)", pytrace=False)
        pytest.skip(reason)

    return run


def test_on_a_full_disk_the_training_goes_on_and_what_was_kept_can_be_continued(
    on_a_disk_of, vitviz, assert_as_unbroken
):
    process, root = on_a_disk_of("300k", sys.executable, "-m", "vitviz", "train", *SMALL, "--runs-dir", "{root}")
    assert process.returncode == 1, process.stderr
    assert len(process.stderr.splitlines()) == 1 and "the disk is full" in process.stderr
    job = only_job(root)
    assert job.state == "failed" and "the disk is full" in job.reason
    assert any("could not be kept: the disk is full. The training goes on" in warning for warning in job.warnings)
    kept = {kind: job.epochs_kept(kind) for kind in ("vit", "fast")}
    assert any(0 < epochs < EPOCHS for epochs in kept.values())
    for kind, epochs in kept.items():
        for state in (job.folder / "checkpoints" / kind).iterdir():
            assert not state.name.startswith(".") or state.name.startswith(".saving"), state
        assert not list((job.folder / "epochs" / kind).glob(".*.part"))
        assert f"epoch {epochs}" in " ".join(job.warnings) or epochs == EPOCHS or not epochs
    assert RunStore(root).damaged() == {}
    status, _, _ = vitviz("train", "--continue", job.id, "--runs-dir", root)  # there is room now
    assert status == 0
    assert sorted(record.status["state"] for record in RunStore(root).list()) == ["finished", "finished"]
    for kind in ("vit", "fast"):
        assert_as_unbroken(root, kind)


def test_where_no_file_may_grow_the_training_ends_in_a_sentence(tmp_path, train_process):
    """A disk that is full for all but small files; needs no mount, so it is tested everywhere."""
    root = tmp_path / "runs"

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))

    process = train_process(*SMALL, "--runs-dir", root, preexec_fn=limited)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert len(said.splitlines()) == 1 and "could not be saved" in said and "may not grow" in said
    job = only_job(root)
    assert job.state == "failed" and "may not grow" in job.reason
    assert any("could not be kept: the file may not grow that large" in warning for warning in job.warnings)
    assert RunStore(root).ids() == [] and RunStore(root).damaged() == {}


@pytest.fixture
def closed_later(tmp_path):
    """A folder that can be removed at the end, whatever a test has closed in it."""
    yield tmp_path
    for parent, _, _ in os.walk(tmp_path):
        Path(parent).chmod(0o755)


def obeying() -> None:
    """Makes the process that is about to start one that permissions hold for, root or not."""
    if os.geteuid() == 0:
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            assert ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability) == 0


def test_a_folder_closed_on_the_way_is_told_and_what_was_kept_can_be_continued(
    closed_later, train_process, vitviz, assert_as_unbroken
):
    root = closed_later / "runs"
    process = train_process(*SMALL, "--runs-dir", root, preexec_fn=obeying)
    job = until(lambda: within_an_epoch(root), "a second epoch")
    process.send_signal(signal.SIGSTOP)  # so that all of it is closed at once
    folders = [root, *(Path(parent) for parent, _, _ in os.walk(root))]
    for folder in folders:
        folder.chmod(0o555)
    process.send_signal(signal.SIGCONT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert len(said.splitlines()) == 1 and "there is no permission to write" in said
    after = only_job(root)
    assert after.state == "failed" and "there is no permission to write" in after.reason
    assert any("could not be kept" in warning for warning in after.warnings)
    for folder in folders:
        folder.chmod(0o755)
    assert all(after.epochs_kept(kind) >= 1 for kind in job.models)
    status, _, _ = vitviz("train", "--continue", job.id, "--runs-dir", root)
    assert status == 0
    for kind in ("vit", "fast"):
        assert_as_unbroken(root, kind)


def test_a_closed_folder_is_told_before_anything_is_trained(closed_later, train_process):
    closed_later.chmod(0o555)
    process = train_process(*SMALL, "--runs-dir", closed_later / "runs", preexec_fn=obeying)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert said == (f"vitviz: No training can work in {closed_later / 'runs'}: there is no permission to write. "
                    "Name another folder with --runs-dir.\n")


def test_a_page_is_told_that_a_folder_is_closed(tmp_path):
    (tmp_path / "runs").write_text("not a folder")
    with pytest.raises(JobError, match="No training can work in"):
        start(tmp_path / "runs", SMALL)


def test_too_little_memory_is_told_with_the_way_out_and_leaves_nothing(tmp_path, vitviz):
    status, _, said = vitviz("train", *SMALL, "--batch-size", 2**50, "--runs-dir", tmp_path / "runs")
    assert status == 1 and "not enough memory for steps of" in said and "--batch-size" in said
    assert not (tmp_path / "runs").exists()


def test_an_estimate_measures_both_models_and_leaves_nothing(tmp_path, vitviz):
    status, answer, _ = vitviz("estimate", *SMALL, "--runs-dir", tmp_path / "runs")
    assert status == 0 and not (tmp_path / "runs").exists()
    vit, fast = answer["models"]
    assert [one["model"] for one in (vit, fast)] == ["vit", "fast"] and vit["tokens"] == 4
    counted = [vitviz("summary", *SMALL[4:-6], "--model", kind)[1] for kind in ("vit", "fast")]
    assert [(one["params"], one["macs"]) for one in (vit, fast)] == [
        (one["total_params"], one["total_macs"]) for one in counted
    ]
    for one in (vit, fast):
        assert one["steps_per_epoch"] == 225 and 0 < one["step_ms"]["q1"] <= one["step_ms"]["median"]
        assert one["epoch_seconds"] > 225 * one["step_ms"]["median"] / 1000
        assert one["seconds"] == pytest.approx(
            one["compile_seconds"] + EPOCHS * one["epoch_seconds"] + one["evaluate_seconds"]
        )
    assert answer["seconds"] == pytest.approx(answer["setup_seconds"] + vit["seconds"] + fast["seconds"])
    assert answer["pictures"] == {"train": 500, "test": 500} and answer["busy"] == 0


def test_an_estimate_of_what_is_impossible_is_refused_with_the_reason():
    with pytest.raises(JobError, match="patch_size must be a whole number from 1 to 28"):
        estimate(["--patch-size", "99"])
