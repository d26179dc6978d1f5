"""Whatever happens while a run is saved or deleted, the store holds it whole or not at all, and says why."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

import vitviz
from vitviz.runs import RunError, RunStore

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals, quotas and permissions as POSIX has them")

# What every child process begins with: `again` is a run that lies in the store `source`, to be saved in `target`.
PRELUDE = """
import os, resource, signal, sys
from vitviz.runs import RunError, RunStore
source, target = RunStore(sys.argv[1]), RunStore(sys.argv[2])
again = source.list()[0]
weights = again.weights()
"""


def _child(code: str, source: RunStore, target: Path, *wrapper: str) -> subprocess.CompletedProcess:
    command = [*wrapper, sys.executable, "-c", PRELUDE + code, str(source.root), str(target)]
    environment = os.environ | {"PYTHONPATH": str(Path(vitviz.__file__).parents[1])}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def _same(store: RunStore, id: str, weights: dict) -> bool:
    back = store.load(id).weights({name: array.shape for name, array in weights.items()})
    return all((back[name] == array).all() for name, array in weights.items())


KILLED_AT_EVERY_STEP = """
def die_at(step, root):
    # An audit hook is called before each file is opened, renamed or removed; die there, without a last word.
    seen = 0
    def hook(event, args):
        nonlocal seen
        here = event in ("open", "os.mkdir", "os.rename", "shutil.rmtree") and root in str(args)
        if here or event in ("os.remove", "os.rmdir"):  # removing names a file within an open folder only
            seen += 1
            if seen > step:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)

step, ended = 0, None
while ended != 0:
    root = os.path.join(sys.argv[2], f"{step:03}")
    store = RunStore(root)
    if DELETE:
        store.save(again, weights)
    process = os.fork()
    if process == 0:
        die_at(step, root)
        store.delete(again.id) if DELETE else store.save(again, weights)
        os._exit(0)
    ended = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert ended in (0, -signal.SIGKILL), ended
    step += 1
"""


@pytest.mark.parametrize("deleting", [False, True], ids=["saving", "deleting"])
def test_a_process_killed_at_any_step_leaves_a_run_whole_or_not_at_all(tmp_path, store, saved, weights, deleting):
    done = _child(KILLED_AT_EVERY_STEP.replace("DELETE", str(deleting)), store, tmp_path / "steps")
    assert done.returncode == 0, done.stderr
    there, left_behind = [], 0
    for root in sorted((tmp_path / "steps").iterdir()):
        after = RunStore(root)
        assert after.damaged() == {}
        there.append(bool(after.ids()))
        left_behind += len(os.listdir(root)) - len(after.ids())
        assert not there[-1] or _same(after, saved.name, weights)
    # there are steps on both sides of the one that counts, and kills in the middle of the work
    assert there == sorted(there, reverse=deleting) and len(set(there)) == 2
    assert len(there) > 12 and left_behind > 5


def test_a_process_killed_in_the_middle_of_a_file_leaves_no_run(tmp_path, store, make_record):
    """The system itself kills the child when its weights file passes 300 kB, so the file is really cut short."""
    store.save(make_record(), {"w": np.ones(250_000, np.float32)})
    target = RunStore(tmp_path / "target")
    done = _child("""
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
target.save(again, weights)
""", store, target.root)
    assert done.returncode == -signal.SIGXFSZ
    (left,) = target.root.iterdir()
    assert (left / "weights.npz").stat().st_size == 300_000
    assert target.ids() == [] and target.damaged() == {}


def test_what_a_killed_process_left_is_swept_by_a_later_save_but_not_what_is_being_written(store, make_record, weights):
    old, fresh, deleted = (store.root / name for name in (".saving-a-1", ".saving-b-2", ".deleted-c-3"))
    others = store.root / ".live-training"
    for folder in (old, fresh, deleted, others):
        folder.mkdir(parents=True)
        (folder / "weights.npz").write_bytes(b"half")
    yesterday = time.time() - 86_400
    for folder in (old, others):
        os.utime(folder, (yesterday, yesterday))
    store.save(make_record("new"), weights)
    assert set(os.listdir(store.root)) == {"new", ".saving-b-2", ".live-training"}


SAVE_AND_TELL = """
try:
    target.save(again, weights)
except RunError as error:
    print(error)
else:
    print("saved")
"""
MOUNT = 'mount -t tmpfs -o size=1m tmpfs "$0" && '
WAYS_TO_A_SMALL_DISK = (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"])


@pytest.fixture
def small_disk(tmp_path) -> tuple[Path, list[str]]:
    """A folder, and what to put before a command so that it sees a disk of 1 MB there."""
    folder = tmp_path / "disk"
    folder.mkdir()
    for way in WAYS_TO_A_SMALL_DISK:  # a namespace of its own: the disk is gone with the command
        wrapper = [*way, "sh", "-c", MOUNT + 'exec "$@"', str(folder)]
        if shutil.which("unshare") and subprocess.run([*wrapper, "true"], capture_output=True).returncode == 0:
            return folder, wrapper
    pytest.skip("no small disk can be mounted here; the limit on a file's size is tested instead")


def test_a_full_disk_is_named_leaves_nothing_behind_and_harms_no_other_run(store, make_record, weights, small_disk):
    folder, wrapper = small_disk
    store.save(make_record("large"), {"w": np.ones(400_000, np.float32)})
    done = _child("""
from dataclasses import replace
target = RunStore(target.root / "runs")
target.save(replace(again, id="small"), {"w": weights["w"][:1000]})
""" + SAVE_AND_TELL + """
print(os.listdir(target.root), target.damaged(), target.load("small").weights()["w"].shape)
target.save(replace(again, id="fits"), {"w": weights["w"][:100_000]})
print(target.ids())
""", store, folder, *wrapper)
    assert done.stderr == "" and done.returncode == 0
    said, after, later = done.stdout.splitlines()
    assert said == (f"The run large could not be saved in {folder / 'runs'}: the disk is full. "
                    "Make room, or name another folder with --runs-dir.")
    assert after == "['small'] {} (1000,)"
    assert later == "['fits', 'small']"  # the room that the failed save had taken is free again


def test_a_file_that_may_grow_no_further_is_named_and_leaves_nothing_behind(tmp_path, store, make_record):
    store.save(make_record("large"), {"w": np.ones(250_000, np.float32)})
    done = _child("resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n" + SAVE_AND_TELL,
                  store, tmp_path / "target")
    assert done.stderr == ""
    assert done.stdout.startswith("The run large could not be saved in ") and "may not grow that large" in done.stdout
    assert os.listdir(tmp_path / "target") == []


@pytest.fixture
def closed_folder():
    """A folder that everybody may read and nobody but root may write, outside pytest's private ones."""
    folder = Path(tempfile.mkdtemp(prefix="vitviz-closed-"))
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_missing_permission_is_named_and_what_is_there_stays_readable(closed_folder, store, saved, make_record,
                                                                        weights):
    RunStore(closed_folder).save(make_record("there"), weights)
    closed_folder.chmod(0o555)
    done = _child("""
if os.geteuid() == 0:
    os.setuid(65534)  # root may write anywhere
""" + SAVE_AND_TELL + """
try:
    target.delete("there")
except RunError as error:
    print(error)
print(target.load("there").weights()["output/bias"].shape)
try:
    RunStore(target.root / "new" / "folder").save(again, weights)
except RunError as error:
    print(error)
""", store, closed_folder)
    assert done.stderr == ""
    saving, deleting, reading, making = done.stdout.splitlines()
    assert saving == (f"The run {saved.name} could not be saved in {closed_folder}: there is no permission to write. "
                      "Grant it, or name another folder with --runs-dir.")
    assert deleting.startswith(f"The run there could not be deleted in {closed_folder}: there is no permission")
    assert reading == "(3,)"
    assert "there is no permission to write" in making
    assert os.listdir(closed_folder) == ["there"]


def test_an_interruption_from_the_keyboard_leaves_nothing_behind(store, make_record, weights, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.save(make_record(), weights)
    assert os.listdir(store.root) == []


def test_files_reach_the_disk_before_the_run_gets_its_name(store, make_record, weights, monkeypatch):
    """What a power cut would show cannot be tried here, so the order of the calls is what is checked."""
    calls = []
    fsync, rename = os.fsync, os.rename

    def seen_fsync(handle):
        calls.append(os.fstat(handle).st_ino)
        fsync(handle)

    def seen_rename(source, target):
        inodes = {path.stat().st_ino for path in [Path(source), *Path(source).iterdir()]}
        assert inodes <= set(calls) and len(inodes) == 8
        calls.clear()
        rename(source, target)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(os, "rename", seen_rename)
    store.save(make_record(), weights)
    assert calls == [store.root.stat().st_ino]


def test_a_run_deleted_by_someone_else_while_it_is_read_is_not_called_damaged(store, make_record, weights, monkeypatch):
    for id in ("gone", "stays"):
        store.save(make_record(id), weights)
    read = Path.read_text

    def deleted_meanwhile(path, *args, **kwargs):
        if path.name == "metrics.json" and path.parent.name == "gone":
            RunStore(store.root).delete("gone")
        return read(path, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", deleted_meanwhile)
    records, reasons = store.scan()
    assert [record.id for record in records] == ["stays"] and reasons == {}


def test_a_run_deleted_before_its_weights_are_read_says_so(store, saved):
    record = store.load(saved.name)
    store.delete(saved.name)
    with pytest.raises(RunError, match=r"weights.npz is missing"):
        record.weights()
