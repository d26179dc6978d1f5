"""`python -m tools.screenshots`: the README's pictures, taken from the dashboard as it is now.

Starts a server of its own over the models that it finds (those that ship, and the visitor's own runs), opens its pages
in headless Chromium (Debian's, or the one that CHROMIUM names; needs the test packages) and writes palette PNG files to
`assets/screenshots/`: at most 1.2 MB together. A picture whose page is not there is left out with a line that says so.
`--only PATTERN` takes some of them, `--address URL` takes them from a server that is running already.
"""

from __future__ import annotations

import argparse
import fnmatch
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

from bench.page_server import PROJECT, serving, wait_until_open

FOLDER = PROJECT / "assets" / "screenshots"
MOST_BYTES = 1_200_000
COLOURS = (256, 128, 64, 32)  # tried one after the other until the pictures fit
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip
SCALE = 2  # of the window's pixels: sharp on the screens that most people read a README on
PATIENCE = 180_000  # ms: a first page imports TensorFlow
PANELS = ("tokens", "positions", "weight-maps", "answers", "curves", "timing")
NEWEST_TRAINING = ".st-key-past [class*=st-key-open-] button"
VIEW = "?patch_size=4&n_maps=8&pin=14,18"  # a patch of the boot's leg


@dataclass(frozen=True)
class Shot:
    """One picture. `part` is a selector: what is shown of the page, all of the window if None."""

    name: str
    path: str
    width: int = 1440
    height: int = 900
    dark: bool = False
    part: str | None = None
    link: str | None = None  # the page's name in the navigation: without it, there is nothing to take
    press: str | None = None  # a selector: the first such button is pressed, where there is one
    drawn: str | None = None  # a selector: what must be there before the picture is taken


SHOTS = (
    Shot("explore", f"/{VIEW}"),
    Shot("attention", f"/{VIEW}", part=".st-key-panel-attention"),
    Shot("weight-maps", f"/{VIEW}", part=".st-key-panel-weight-maps"),
    Shot("explore-dark", f"/{VIEW}", dark=True),
    Shot("projector", f"/{VIEW}&heads=mean", width=1280, height=720),
    Shot("phone", f"/{VIEW}", width=390, height=844),
    Shot("train", "/train", link="Train", press=NEWEST_TRAINING),
    Shot("time-machine", "/time_machine", link="Time machine", drawn=".machine[data-epoch]"),
)


def main() -> None:
    """Takes the pictures that the arguments ask for."""
    parser = argparse.ArgumentParser(description="The README's pictures, from the dashboard as it is now.")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="names of pictures, such as 'explore*'")
    parser.add_argument("--address", metavar="URL", help="a dashboard that is running; without it, one is started")
    parser.add_argument("--out", type=Path, default=FOLDER, metavar="DIR", help="where to (default: %(default)s)")
    options = parser.parse_args()
    chosen = [shot for shot in SHOTS if fnmatch.fnmatch(shot.name, options.only)]
    if not chosen:
        parser.error(f"no picture fits {options.only!r}: there are {', '.join(shot.name for shot in SHOTS)}")
    pictures: dict[str, Image.Image] = {}
    with _dashboard(options.address) as address, _browser() as browser:
        for shot in chosen:
            try:
                pictures[shot.name] = take(browser, address, shot)
            except (BrowserError, LookupError) as error:
                print(f"{shot.name}: left out, {str(error).splitlines()[0]}")
    save(pictures, options.out)


def take(browser: Browser, address: str, shot: Shot) -> Image.Image:
    """The picture. Raises `LookupError` where the navigation has no such page, `playwright.Error` where it fails."""
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height}, device_scale_factor=SCALE,
        color_scheme="dark" if shot.dark else "light",
    )  # fmt: skip
    context.add_init_script("localStorage.setItem('vitviz.tour.seen', 'by a screenshot')")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    try:
        page.goto(address + shot.path)
        page.locator("[data-testid=stHeader]").wait_for()
        if shot.link is not None:
            _settled(page)
            if page.get_by_role("link", name=shot.link).count() == 0:
                raise LookupError(f"there is no page {shot.link!r}")
            if shot.press is not None and page.locator(shot.press).count():
                page.locator(shot.press).first.click()
                _settled(page)
            if shot.drawn is not None:
                page.locator(shot.drawn).first.wait_for()
                _settled(page)
        else:
            _whole(page)
        place = page.locator(shot.part).first if shot.part else page
        return Image.open(io.BytesIO(place.screenshot(animations="disabled"))).convert("RGB")
    finally:
        context.close()


def save(pictures: dict[str, Image.Image], folder: Path) -> None:
    """Writes the pictures with as many colours as fit the limit."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, bytes] = {}
    for colours in COLOURS:
        files = {name: _png(picture, colours) for name, picture in pictures.items()}
        if sum(map(len, files.values())) <= MOST_BYTES:
            break
    for name, content in files.items():
        (folder / f"{name}.png").write_bytes(content)
        print(f"{folder / name}.png  {len(content) / 1000:.0f} kB")
    print(f"{sum(map(len, files.values())) / 1000:.0f} kB together")


def _png(picture: Image.Image, colours: int) -> bytes:
    buffer = io.BytesIO()
    # without dithering: text stays sharp, and even areas stay small
    palette = picture.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _whole(page: Page) -> None:
    """Waits until every panel shows its picture."""
    for panel in PANELS:
        place = page.locator(f".st-key-panel-{panel}")
        place.locator(".js-plotly-plot .main-svg, [data-testid=stDataFrame]").first.wait_for()
    page.locator("[data-vitviz='attention-explorer'] .maps").first.wait_for()
    _settled(page)


def _settled(page: Page) -> None:
    """Waits until the server has no more to say, and the browser has all letters and painted them."""
    page.wait_for_timeout(1500)
    page.wait_for_function("document.querySelector('[data-test-script-state=notRunning]') !== null")
    page.evaluate("document.fonts.ready.then(() => new Promise(done => setTimeout(done, 500)))")


@contextmanager
def _dashboard(address: str | None) -> Iterator[str]:
    if address is not None:
        yield address.rstrip("/")
        return
    with serving() as server:
        wait_until_open(server)
        yield server.address


@contextmanager
def _browser() -> Iterator[Browser]:
    path = shutil.which(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
    if path is None:
        raise SystemExit("There is no Chromium: install it (on Debian: apt install chromium), or name one in CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


if __name__ == "__main__":
    main()
