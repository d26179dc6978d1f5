"""`trace`: everything that one picture's way through a run's model reveals, as an NPZ file."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from vitviz.commands.options import SPLITS, add_data_options
from vitviz.commands.progress import Progress

if TYPE_CHECKING:
    import numpy as np

    from vitviz.runs import RunRecord


def add(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Adds the command's options."""
    parser = commands.add_parser("trace", help="write tokens, attention and weight maps of one picture to a file")
    parser.add_argument("run_id", metavar="RUN", help="an id, or its beginning")
    picture = parser.add_mutually_exclusive_group(required=True)
    picture.add_argument("--index", type=int, metavar="N", help="the picture's place in the split, from 0")
    picture.add_argument("--image", type=Path, metavar="FILE", help="a picture of your own")
    parser.add_argument("--split", choices=SPLITS, default="test", help="where --index counts (test)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.npz", help="the file to write")
    add_data_options(parser, dataset=False)
    return parser


def run(options: argparse.Namespace, progress: Progress) -> dict:
    """Writes the arrays; returns their shapes, the answer, and the true class where there is one."""
    from vitviz.commands.chosen_run import chosen_run, model_of

    record = chosen_run(options)
    image, label = _picture(record, options, progress)
    model = model_of(record)
    from vitviz.trace import trace

    arrays = trace(model, image).arrays()
    _write(options.out, arrays)
    answer = record.class_names[int(arrays["probabilities"].argmax())]
    truth = None if label is None else record.class_names[label]
    for name, array in arrays.items():
        progress.say(f"{name:<22}{'×'.join(map(str, array.shape))}")
    progress.say(f"answer: {answer}, {arrays['probabilities'].max():.1%}" + (f"; truth: {truth}" if truth else ""))
    return {
        "id": record.id,
        "out": str(options.out),
        "shapes": {name: list(array.shape) for name, array in arrays.items()},
        "answer": answer,
        "truth": truth,
    }


def _picture(record: RunRecord, options: argparse.Namespace, progress: Progress) -> tuple[np.ndarray, int | None]:
    from vitviz.commands.chosen_run import pictures, split
    from vitviz.data import picture_to_image

    if options.image is not None:
        size = {"image_size": record.model.image_size, "channels": record.model.channels}
        upload = picture_to_image(options.image, **size)
        for note in upload.notes:
            progress.say(note)
        return upload.image, None
    part = split(record, pictures(record, options), options.split)
    if not 0 <= options.index < len(part):
        raise ValueError(
            f"--index must be from 0 to {len(part) - 1}, the last {options.split} picture, not {options.index}."
        )
    return part.images[options.index], int(part.labels[options.index])


def _write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Writes beside, then renames, so that a file of this name is always whole."""
    import numpy as np

    beside = path.with_name(f".{path.name}.part")
    try:
        with open(beside, "wb") as file:  # a file object: NumPy would add .npz to a name
            np.savez_compressed(file, **arrays)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
