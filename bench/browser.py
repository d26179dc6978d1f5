"""The browser of the benches of the pages: Chromium without a window."""

from __future__ import annotations

import os
import shutil

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip


def chromium(playwright):
    """A Playwright `Browser`: Debian's Chromium, or the one that CHROMIUM names. Raises `RuntimeError` without one."""
    path = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if path is None:
        raise RuntimeError(
            "There is no Chromium: install it (on Debian: apt install chromium), or name one in CHROMIUM."
        )
    return playwright.chromium.launch(executable_path=path, args=list(FLAGS))
