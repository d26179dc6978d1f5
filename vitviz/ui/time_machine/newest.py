"""A training at work, in small: what both models make of one picture after their newest epoch."""

from __future__ import annotations

import base64
import html
import io
import logging
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from vitviz.config import ModelConfig
from vitviz.figures.palette import SEQUENTIAL, colour_table, model_colour
from vitviz.figures.theme import Theme
from vitviz.live import Job
from vitviz.ui.caches import Bounded
from vitviz.ui.time_machine.films import Film, Training, of_job
from vitviz.ui.time_machine.fixed_pictures import FixedPictures, key_of, load_fixed
from vitviz.ui.time_machine.frames import Frame, from_root, patch_attention
from vitviz.ui.time_machine.tracer import tracer

PICTURE = 0  # of the fixed set
SIDE = 84  # pixels of a tile's file, about
MOST_TIMES = 4.0  # attention's scale ends at so many times the even share
COVER = 0.75  # how much of the picture the colours hide
MOST_MAPS = 8
TABLE = colour_table(SEQUENTIAL)

log = logging.getLogger(__name__)
_drawn = Bounded(64)  # what a frame looks like
_last: dict[Path, str] = {}  # by working folder: shown while the next one is made, or the files move


def forming(job: Job, theme: Theme) -> None:
    """Weight maps and attention of the newest epoch of each model of a training, over its first fixed picture.

    Made to be called often, inside a fragment: a frame is traced once, in a thread, and the one before stays until it
    is there. Draws a sentence while there is none. Never raises: files may be half there, or gone.
    """
    st.html(words_and_pictures(job))


def words_and_pictures(job: Job) -> str:
    """The same as HTML."""
    try:
        training = of_job(job)
        made = None if training is None else _all_models(training)
    except Exception:  # a folder that vanishes while it is read is no reason to lose the page around this
        log.exception("forming: %s", job.folder)
        made = None
    if made is not None:
        _last.pop(job.folder, None)
        _last[job.folder] = made
        while len(_last) > 16:
            del _last[next(iter(_last))]
    waiting = '<p class="vv-reason">The first pictures appear in a moment.</p>'
    return f'<div class="vv-forming">{_last.get(job.folder, waiting)}</div>'


def _all_models(training: Training) -> str | None:
    newest = {film.label: (film, tracer.newest(training, film)) for film in training.films}
    if not any(found for _, found in newest.values()):
        return None
    pictures = load_fixed(key_of(training))  # kept: the frames were made from them
    parts = [_model(film, found, training, pictures) for film, found in newest.values()]
    return f'{"".join(parts)}<p class="vv-note">{_caption(training, pictures)}</p>'


def _model(
    film: Film, found: tuple[int, Frame | str] | None, training: Training, pictures: FixedPictures
) -> str:
    if found is None:
        body, words = '<p class="vv-reason">…</p>', ""
    elif isinstance(found[1], str):
        body, words = f'<p class="vv-reason">Epoch {found[0]} cannot be shown: {html.escape(found[1])}</p>', ""
    else:
        epoch, frame = found
        body = _drawn.get((id(frame), frame.nbytes, film.id), lambda: (frame, _tiles(film.config, frame, pictures)))[1]
        words = "before training" if epoch == 0 else f"after epoch {epoch} of {training.train.epochs}"
        accuracy = film.accuracy().get(epoch)
        words += "" if accuracy is None else f" · validation {accuracy:.1%}"
    return (
        f'<section style="--model:{model_colour(film.label)}"><h4 class="vv-label"><b>{html.escape(film.label)}</b> '
        f"{html.escape(words)}</h4>{body}</section>"
    )


def _tiles(config: ModelConfig, frame: Frame, pictures: FixedPictures) -> str:
    image = pictures.images[PICTURE]
    maps = [from_root(one[PICTURE]) for one in frame.weight_maps]  # each (tokens, n_maps)
    looked_at = [
        # how much each patch is looked at, the mean of heads and queries, in even shares of 1/tokens
        patch_attention(config, k, from_root(layer[PICTURE]), maps).mean(axis=(0, 1)) * config.tokens
        for k, layer in enumerate(frame.attention)
    ]
    rows = [("Attention", [(f"layer {k + 1}", values / MOST_TIMES) for k, values in enumerate(looked_at)])]
    for number, one in enumerate(maps):
        top = 1.0 if config.token_learner == "v1" else MOST_TIMES / config.tokens
        shown = one.T[:MOST_MAPS]  # (maps, tokens)
        more = f", first {MOST_MAPS} of {len(one.T)}" if len(one.T) > MOST_MAPS else ""
        title = ("Second weight maps" if number else "Weight maps") + more
        rows.append((title, [(f"map {i + 1}", values / top) for i, values in enumerate(shown)]))
    return "".join(
        f'<div class="vv-row"><span>{title}</span>'
        + "".join(
            f'<figure><img alt="{title}, {name}" src="{_png(image, values, config)}">'
            f"<figcaption>{name}</figcaption></figure>"
            for name, values in tiles
        )
        + "</div>"
        for title, tiles in rows
    )


def _png(image: np.ndarray, values: np.ndarray, config: ModelConfig) -> str:
    """The picture in grey under the colours of `values`, `(tokens,)` in 0…1, as an address for `<img>`."""
    side, covered = config.image_size, config.grid * config.patch_size
    zoom = max(1, round(SIDE / side))
    grey = np.full((max(side, covered),) * 2 + (3,), 0.0, np.float32)
    grey[:side, :side] = image.mean(axis=2, keepdims=True)  # (side, side, 1)
    steps = np.rint(255 * np.clip(values, 0, 1)).astype(int).reshape(config.grid, config.grid)
    colours = TABLE[steps].repeat(config.patch_size, axis=0).repeat(config.patch_size, axis=1)  # (covered, covered, 3)
    grey[:covered, :covered] = (1 - COVER) * grey[:covered, :covered] + COVER * colours
    pixels = np.rint(grey).astype(np.uint8).repeat(zoom, axis=0).repeat(zoom, axis=1)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _caption(training: Training, pictures: FixedPictures) -> str:
    v1 = all(film.config.token_learner == "v1" for film in training.films)
    maps = "weight maps from 0 to 1" if v1 else f"weight maps from 0 to {MOST_TIMES:.0f} times the even share"
    words = (
        f"Of a picture of class {pictures.names[PICTURE]}. The scales never change: {maps}; attention, how much each "
        f"patch is looked at, from 0 to {MOST_TIMES:.0f} times the even share (mean of heads and of queries)."
    )
    return html.escape(words if pictures.note is None else f"{pictures.note} {words}")
