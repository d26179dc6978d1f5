"""What visitors share: made once, the same as made alone, and safe for many threads."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from ui.untrained_runs import save_family

from vitviz.trace import trace
from vitviz.ui import caches, warm
from vitviz.ui.catalogue import catalogue
from vitviz.ui.pictures import gallery_for


@pytest.fixture(scope="module")
def family(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    save_family(root, patch_sizes=(7,), maps=(2,))
    save_family(root, "article", patch_sizes=(5,), maps=(4,))
    warm.start()
    warm.wait()
    return [run for found in catalogue(root, root / "no zoo").families.values() for run in found.runs]


def test_a_compiled_trace_equals_a_plain_one_to_the_last_bit(family):
    images = gallery_for(family[0]).split.images[:5]
    for run in family:
        caches.compile_model(run)
        for image in images:
            plain, fast = trace(caches.model_of(run), image).arrays(), caches.trace_of(run, image).arrays()
            assert plain.keys() == fast.keys()
            for name in plain:
                np.testing.assert_array_equal(fast[name], plain[name], err_msg=f"{run.id}, {name}")


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
