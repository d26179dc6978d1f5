"""The Train page in a real browser: configure, estimate, race, refresh, stop, continue, look inside; and what may fail.

Whatever must be looked at in the middle of a race is looked at while its process is held still: how fast the machine
is decides nothing here.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser_hands import EXPLORER, settled
from playwright.sync_api import expect

from vitviz import live
from vitviz.live import Job
from vitviz.runs import RunStore

pytestmark = pytest.mark.browser

EPOCHS = 4
SMALL = {
    "dataset": "fashion_mnist_mini", "limit": "600", "epochs": str(EPOCHS), "train_patch_size": "14",
    "train_n_maps": "2", "width": "16", "blocks": "2", "train_heads": "2", "insert_after": "1", "batch_size": "2",
}  # fmt: skip
WAIT = 120_000  # ms: for a page of a server that is importing TensorFlow
LONG = 400_000  # ms: for a training that imports TensorFlow and compiles, while others are at work


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a dashboard, and its folder of runs."""
    from conftest import serving

    root = tmp_path_factory.mktemp("race") / "runs"
    root.mkdir()
    with serving(root, tmp_path_factory.mktemp("server") / "output.txt") as address:
        yield address, root


@pytest.fixture
def runs(server) -> Iterator[Path]:
    """The folder of runs, empty; no training outlives its test."""
    yield server[1]
    for job in live.list_jobs(server[1]):
        _kill(job)
    for path in server[1].iterdir():
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def train(server, runs, chromium) -> Iterator[Callable]:
    """A function: settings of the form in, the Train page in a fresh browser profile out."""
    contexts, errors = [], []
    expect.set_options(timeout=WAIT)

    def heard(message) -> None:
        if message.type == "error":
            errors.append(message.text)

    def visit(width: int = 1440, height: int = 900, address: str = server[0], **settings: str):
        context = chromium.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        context.add_init_script("localStorage.setItem('vitviz.tour.seen', 'in a test')")
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.on("console", heard)
        page.on("pageerror", lambda error: errors.append(str(error)))
        query = "&".join(f"{name}={value}" for name, value in (SMALL | settings).items())
        page.goto(f"{address}/train?{query}")
        page.locator(".st-key-start-training button").wait_for()
        return page

    yield visit
    for context in contexts:
        context.close()
    assert errors == [], "the browser's console shows errors"


def test_the_whole_story_from_the_form_to_the_inside_of_the_models(train, runs):
    page = train()
    plan = page.locator(".st-key-train-plan")
    expect(plan).to_contain_text("4 → 2")
    expect(plan).to_contain_text(re.compile(r"About \d+ (s|min) in all on this computer"), timeout=LONG)
    expect(plan.locator("tr", has_text="a step").locator("td").first).to_contain_text("ms")
    _start(page)

    job = until(lambda: _in_an_epoch(runs), "the middle of a race")
    with held(job):
        _says(page, "running")
        _sees_the_race(page)
        address = page.url
        page.reload()
        _says(page, "running")
        _sees_the_race(page)
        other = train()  # a second visitor, who follows no link
        _says(other, "running")
        other.wait_for_url(re.compile(job.id))
        assert job.id in address
        _press(page, "stop-training")
        _says(page, "stopping")
        _says(other, "stopping")
    _says(page, "stopped")
    expect(page.locator(".vv-verdict")).to_contain_text(f"of {EPOCHS} epochs")
    kept = {kind: live.read_job(runs, job.id).epochs_kept(kind) for kind in ("vit", "fast")}
    assert all(kept.values()) and len(RunStore(runs).list()) == 2

    _press(page, "continue-training")
    _says(page, "finished")
    expect(page.locator(".vv-verdict")).to_contain_text(re.compile("training time|dead heat"))
    expect(page.locator(".st-key-comparison")).to_contain_text("test accuracy")
    records = RunStore(runs).list()
    assert [record.status["epochs_done"] for record in records] == [EPOCHS, EPOCHS]
    assert sorted(lane["said"] for lane in _lanes(page)) == ["finished", "finished first"]
    page.reload()
    _says(page, "finished")

    finished = page.url
    page.get_by_role("link", name="Open in Explore").click()
    page.locator(f"{EXPLORER} .maps").first.wait_for()
    settled(page)
    assert page.locator(f"{EXPLORER} .maps").count() == 2
    assert all(record.id in page.url for record in records)
    page.go_back()
    _says(page, "finished")
    page.wait_for_url(re.compile(f"race={job.id}"))
    page.goto(finished)
    _says(page, "finished")
    page.locator(".st-key-race-head").get_by_role("link", name="Time machine").click()
    fast = next(record.id for record in records if record.model.n_maps is not None)
    page.wait_for_url(re.compile(f"run={fast}"))
    page.locator("[data-vitviz='time-machine'][data-state]").wait_for()


def test_a_training_outlives_the_server_whose_page_started_it(train, runs, tmp_path):
    from conftest import serving

    with serving(runs, tmp_path / "output.txt") as address:
        page = train(address=address)
        server = int(subprocess.check_output(["pgrep", "-f", f"server.port {address.rsplit(':')[-1]}"]).split()[0])
        _start(page)
        job = until(lambda: _in_an_epoch(runs, kept=0), "its first steps")
        os.kill(server, signal.SIGKILL)
        page.context.close()  # before the browser misses its server
    other = train()
    _says(other, "finished")
    assert job.id in other.url
    assert [record.status["epochs_done"] for record in RunStore(runs).list()] == [EPOCHS, EPOCHS]


def test_a_killed_worker_has_vanished_and_the_page_goes_on_from_what_is_kept(train, runs):
    page = train()
    _start(page)
    job = until(lambda: _in_an_epoch(runs), "the middle of a race")
    _kill(job)
    _says(page, "vanished", timeout=WAIT)
    expect(page.locator(".vv-verdict")).to_contain_text("ended without a word")
    kept = [live.read_job(runs, job.id).epochs_kept(kind) for kind in ("vit", "fast")]
    assert min(kept) >= 1
    _press(page, "continue-training")
    _says(page, "finished")
    assert [record.status["epochs_done"] for record in RunStore(runs).list()] == [EPOCHS, EPOCHS]
    _press(page, "delete-training")
    _press(page, "keep-training")
    page.locator(".st-key-keep-training").wait_for(state="hidden")
    assert len(RunStore(runs).list()) == 2
    _press(page, "delete-training")
    _press(page, "delete-for-good")
    page.locator(".st-key-race").wait_for(state="hidden")
    assert RunStore(runs).list() == []


def test_a_training_that_fails_shows_its_reason_and_its_log(train, runs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("d")  # short: the log names it often, and is shown from a place on
    for name in ("cats", "dogs"):
        (folder / name).mkdir()
        for number in range(20):
            (folder / name / f"{number}.png").write_bytes(b"this is no picture")
    page = train(dataset="folder", data_dir=str(folder))
    expect(page.locator(".st-key-say-dataset")).to_contain_text("2 classes")
    _start(page)
    _says(page, "failed")
    expect(page.locator(".vv-verdict")).to_contain_text("cannot be read as a picture")
    _press(page, "log")
    expect(page.locator("[data-testid=stPopoverBody]")).to_contain_text("Traceback")
    with page.expect_download() as download:
        _press(page, "save-log")
    assert "this is no picture" not in (text := Path(download.value.path()).read_text()) and "DataError" in text
    page.keyboard.press("Escape")
    _press(page, "use-settings")
    page.locator(".st-key-race").wait_for(state="hidden")
    expect(page.locator(".st-key-data_dir input")).to_have_value(str(folder))


def test_the_next_training_waits_in_sight_of_everybody_and_can_be_taken_out(train, runs):
    page = train()
    _start(page)
    first = until(lambda: _in_an_epoch(runs, kept=0), "the first training")
    with held(first):
        _says(page, "running")
        expect(page.locator(".st-key-start-training")).to_contain_text("Add to the queue")
        _press(page, "start-training")
        second = until(lambda: next(iter(live.queue(runs)), None), "the second training")
        row = page.locator(f".st-key-queued-{second.id}")
        expect(row).to_contain_text("waits for 1 other training")
        assert first.id in page.url  # the stage stays with the one at work
        other = train()
        expect(other.locator(f".st-key-queued-{second.id}")).to_contain_text("tuned pair, patch 14, 2 maps")
        _press(other, f"take-out-{second.id}")
        row.wait_for(state="detached")
        assert [job.id for job in live.list_jobs(runs)] == [first.id]
        _press(page, "stop-training")
        _says(page, "stopping")
    _says(page, "stopped")


def test_an_impossible_combination_is_refused_where_it_is_entered(train):
    page = train(train_n_maps="4", train_patch_size="10")
    refused = page.locator(".st-key-say-sizes .vv-refused")
    expect(refused).to_contain_text("n_maps must be smaller than the number of tokens")
    expect(page.locator(".st-key-start-training button")).to_be_disabled()
    slider = page.locator(".st-key-train_n_maps input[type=range]")
    slider.focus()
    slider.press("Home")
    expect(page.locator(".st-key-start-training button")).to_be_enabled()
    refused.wait_for(state="detached")
    page.wait_for_url(re.compile("train_n_maps=1"))


def test_a_training_of_a_terminal_is_seen_by_a_new_server_on_a_phone(train, runs, tmp_path):
    from conftest import serving

    arguments = ["--limit", "600", "--patch-size", "14", "--n-maps", "2", "--width", "16", "--blocks", "2"]
    arguments += ["--insert-after", "1", "--batch-size", "2", "--epochs", "9", "--dataset", "fashion_mnist_mini"]
    job = live.start(runs, arguments)
    job = until(lambda: _in_an_epoch(runs, kept=0), "its first steps")
    with held(job), serving(runs, tmp_path / "output.txt") as address:
        page = train(width=390, height=844, address=address)
        _says(page, "running")
        expect(page.locator(".st-key-race-head")).to_contain_text("tuned pair, patch 14, 2 maps")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        wide = page.locator(".st-key-race").evaluate("node => node.scrollWidth - node.clientWidth")
        assert wide <= 1
        page.close()  # before its server goes


def _press(page, key: str) -> None:
    # Streamlit draws a button with a tooltip twice, once for touch
    page.locator(f".st-key-{key} button:visible").first.click()


def _start(page) -> None:
    _press(page, "start-training")
    page.locator(".st-key-race").wait_for()


def _says(page, state: str, timeout: int = LONG) -> None:
    expect(page.locator(".st-key-race .vv-state")).to_have_text(state, timeout=timeout)


def _sees_the_race(page) -> None:
    """Both lanes have left the start, and the curves hold points of both models."""
    page.wait_for_function("document.querySelectorAll('.st-key-race .js-plotly-plot .main-svg').length > 3")
    # the page looks every few seconds: what it shows first may be older than the race that is held
    until(lambda: all(_under_way(lane) for lane in _lanes(page)), "both lanes under way")
    assert [lane["label"] for lane in _lanes(page)] == ["ViT", "fast ViT"]
    for key in ("race-loss", "race-score"):
        page.wait_for_function(
            """key => {
                const drawn = document.querySelector(`.st-key-${key} .js-plotly-plot`)?.data ?? [];
                return drawn.filter((line) => line.x.length > 1).length >= 2;
            }""",
            arg=key,
        )
    page.locator(".st-key-race-below .vv-forming").wait_for()


def _under_way(lane: dict) -> bool:
    return 0 < lane["now"] < 100 and "ms a step" in lane["more"]


def _lanes(page) -> list[dict]:
    page.locator(".st-key-lanes .lane").nth(1).wait_for()  # a component draws itself a moment after its container
    return page.locator(".st-key-lanes .lane").evaluate_all(
        """lanes => lanes.map((lane) => {
            const text = (selector) => lane.querySelector(selector).textContent;
            return { label: text(".name"), more: text(".more"), said: text(".run b"),
                     now: Number(lane.querySelector(".track").getAttribute("aria-valuenow")) };
        })"""
    )


def _in_an_epoch(root: Path, kept: int = 1) -> Job | None:
    """The training at work, where each model has kept so many epochs and has taken steps of the next."""
    job = next((job for job in live.list_jobs(root) if job.state == "running"), None)
    if job is None or not job.models:
        return None
    for kind in job.models:
        now = job.of(kind)
        if job.epochs_kept(kind) < kept or not 0 < now.get("steps_done", 0) < now["steps"] or len(job.points(kind)) < 2:
            return None
    return job


@contextlib.contextmanager
def held(job: Job) -> Iterator[None]:
    """Holds its process still."""
    pid = json.loads((job.folder / "worker.json").read_text())["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def until(holds: Callable[[], object], what: str) -> object:
    """Waits for something true, and returns it."""
    end = time.monotonic() + LONG / 1000
    while not (value := holds()):
        assert time.monotonic() < end, f"{what} did not come about"
        time.sleep(0.01)
    return value


def _kill(job: Job) -> None:
    with contextlib.suppress(OSError, ValueError, KeyError):
        if not job.ended:
            os.kill(json.loads((job.folder / "worker.json").read_text())["pid"], signal.SIGKILL)
