"""What visitors share: made once, the same as made alone, and safe for many threads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from ui.untrained_runs import save_family

from vitviz.ui import caches, warm
from vitviz.ui.catalogue import catalogue

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def family(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    save_family(root, patch_sizes=(7,), maps=(2,))
    save_family(root, "article", patch_sizes=(5,), maps=(4,))
    warm.start()
    warm.wait()
    return [run for found in catalogue(root, root / "no zoo").families.values() for run in found.runs]


def test_a_compiled_trace_equals_a_plain_one_to_the_last_bit(family):
    # not in this process: trainings before may have given TensorFlow other threads, and rounding another order
    code = Path(__file__).with_name("exact_traces.py")
    answer = subprocess.run(
        [sys.executable, code, family[0].path.parent],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == [str(len(family)), "runs"]


def test_streamlit_cannot_clear_the_session_under_a_model_that_is_being_built(family):
    import keras

    with keras.name_scope("held"):
        keras.backend.clear_session()  # as Streamlit does after each run of any visitor's page
        assert keras.Variable(0.0, name="weight").path == "held/weight"


def test_threads_that_ask_for_the_same_wait_for_one_making_of_it():
    kept, made, go = caches.Bounded(4), [], threading.Event()

    def make() -> str:
        made.append("x")
        go.wait(10)
        return "value"

    got = []
    threads = [threading.Thread(target=lambda: got.append(kept.get("key", make))) for _ in range(5)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join(10)
    assert made == ["x"] and got == ["value"] * 5


def test_what_could_not_be_made_is_tried_again():
    kept = caches.Bounded(4)
    with pytest.raises(ValueError, match="not now"):
        kept.get("key", lambda: (_ for _ in ()).throw(ValueError("not now")))
    assert "key" not in kept and kept.get("key", lambda: 1) == 1
