"""In a process of its own, as a page's server is: every run's compiled trace beside its plain one."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from vitviz.trace import trace
from vitviz.ui import caches, warm
from vitviz.ui.catalogue import catalogue
from vitviz.ui.pictures import gallery_for


def main(root: Path) -> None:
    warm.start()
    warm.wait()
    runs = [run for found in catalogue(root, root / "no zoo").families.values() for run in found.runs]
    images = gallery_for(runs[0]).split.images[:5]
    for run in runs:
        caches.compile_model(run)
        for image in images:
            plain, fast = trace(caches.model_of(run), image).arrays(), caches.trace_of(run, image).arrays()
            assert plain.keys() == fast.keys()
            for name in plain:
                np.testing.assert_array_equal(fast[name], plain[name], err_msg=f"{run.id}, {name}")
    print(f"{len(runs)} runs")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
