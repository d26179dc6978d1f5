"""The strip on top of the Explore page: picture, sliders, both answers. It stays in sight while the page scrolls."""

from __future__ import annotations

import base64
import html
import io

import streamlit as st
from PIL import Image

from vitviz.figures.palette import model_colour
from vitviz.ui.panels.answers import answer
from vitviz.ui.pictures import Picture
from vitviz.ui.scene import Scene


def picture_url(picture: Picture) -> str:
    """The picture as the models see it, as an address that holds it."""
    image = picture.image if picture.image.shape[2] == 3 else picture.image[..., 0]
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def thumbnail(picture: Picture) -> None:
    """The picture, large enough to know it again."""
    st.html(f'<img class="vv-thumb" alt="{html.escape(picture.name)}" src="{picture_url(picture)}">')


def answers(scene: Scene) -> None:
    """Both answers with their confidence; before the models are there, the places for them."""
    cards = []
    for label in scene.runs:
        if label in scene.traces:
            name, share, right = answer(scene, label)
            mark = {True: "right", False: "wrong", None: ""}[right]
            sign = {True: "✓", False: "✗", None: ""}[right]
            body = (
                f'<b>{html.escape(name)}</b><span class="vv-share">{share:.0%}</span>'
                f'<span class="vv-mark" title="{mark}">{sign}</span>'
                f'<i style="width:{share:.0%}"></i>'
            )
        elif label in scene.failures:
            body = '<b>damaged</b><span class="vv-share"></span><i style="width:0"></i>'
        else:
            body = '<b>…</b><span class="vv-share"></span><i style="width:0"></i>'
        cards.append(
            f'<div class="vv-answer" style="--model:{model_colour(label)}"><span class="vv-label">{label}</span>'
            f'<div class="vv-said">{body}</div></div>'
        )
    st.html(f'<div class="vv-answers" data-scene="{html.escape(scene.name)}">{"".join(cards)}</div>')
