"""Choosing a picture: by name, from the gallery, by chance, where the models disagree, or one's own."""

from __future__ import annotations

import hashlib
import html
import random

import numpy as np
import streamlit as st

from vitviz.data import DataError, Upload, picture_to_image
from vitviz.runs import RunError
from vitviz.ui import caches, warm
from vitviz.ui.catalogue import Pair
from vitviz.ui.components.thumbnails import thumbnails
from vitviz.ui.pictures import OWN, Gallery, Picture

TYPES = ["png", "jpg", "jpeg", "webp", "gif"]
SHOWN = 60  # pictures on one board of the gallery
DISAGREE = "models disagree"
_uploads = caches.Bounded(16)  # up to 3 MB each: decoded once and not with every run of the page


def choose(gallery: Gallery, pair: Pair) -> Picture:
    """Shows the controls and returns the picture that they say."""
    upload = _uploaded(pair)
    names = [*gallery.names, OWN] if upload is not None else list(gallery.names)
    if st.session_state.get("image") not in (None, *names):
        del st.session_state["image"]
    row = st.container(key="picture-row", horizontal=True, gap="xsmall", vertical_alignment="bottom")
    name = row.selectbox(
        "Picture",
        names,
        index=_first(gallery),
        key="image",
        bind="query-params",
        help="Type a class or a number. A number is the picture's place in the whole test set.",
    )
    with row.container(horizontal=True, gap="xsmall", key="picture-buttons", width="content", wrap=False):
        with st.popover("Gallery", icon=":material/apps:", key="gallery", on_change="rerun") as popover:
            if popover.open:
                _board(gallery, pair, name)
        st.button("Random", icon=":material/casino:", key="random", on_click=_random, args=(gallery.names,))
        with st.popover("Your own", icon=":material/add_a_photo:", key="own", on_change="rerun") as popover:
            # it is open, or what is set in it counts: the picture is the one that is looked at
            if popover.open or (upload is not None and name == OWN):
                _own(upload, pictures=popover.open)
    if name == OWN and upload is not None:
        return Picture(OWN, upload.image, None, upload)
    return gallery.picture(name)


def _first(gallery: Gallery) -> int:
    """The picture of a first visit: the last class is an ankle boot, whose outline everybody knows."""
    places = gallery.of_class(len(gallery.class_names) - 1)
    return places[0] if places else 0


def _random(names: tuple[str, ...]) -> None:
    st.session_state["image"] = random.choice([name for name in names if name != st.session_state.get("image")])


def _board(gallery: Gallery, pair: Pair, chosen: str) -> None:
    wanted = st.selectbox(
        "Show", ["one of each", *gallery.class_names, DISAGREE], key="gallery_filter",
        bind="query-params", persist_state="page",
    )  # fmt: skip
    if wanted == DISAGREE:
        places, sentence = _disagreements(gallery, pair)
    elif wanted == "one of each":
        each = [gallery.of_class(label)[:6] for label in range(len(gallery.class_names))]
        places, sentence = [place for row in each for place in row][:SHOWN], "Six of each class, from the test set."
    else:
        places = gallery.of_class(gallery.class_names.index(wanted))
        sentence = f"The first {min(SHOWN, len(places))} of this class in the test set."
    st.caption(f"{sentence} Source: {gallery.source}.")
    if places:
        shown = places[:SHOWN]
        thumbnails(
            [gallery.split.images[place] for place in shown],
            [gallery.names[place] for place in shown],
            chosen=chosen,
            key="board",
            on_choose=_pick,
        )


def _pick() -> None:
    picked = st.session_state["board"].get("picked")
    if picked:
        st.session_state["image"] = picked


def _disagreements(gallery: Gallery, pair: Pair) -> tuple[list[int], str]:
    if pair.vit is None or pair.fast is None:
        return [], "It takes two models to disagree, and one of the two is not there."
    warm.wait()
    try:
        with st.spinner("Asking both models about every picture of the gallery…"):
            vit, fast = (caches.answers_of(run, gallery.split.images) for run in (pair.vit, pair.fast))
    except RunError as error:
        return [], str(error)
    places = [int(place) for place in np.flatnonzero(vit != fast)]
    return places, f"The two models give different answers for {len(places)} of these {len(vit):,} test pictures."


def _own(upload: Upload | None, *, pictures: bool) -> None:
    st.file_uploader(
        "A picture file",
        TYPES,
        key="upload",
        on_change=_take,
        args=("upload",),
        help="PNG, JPEG, WebP or GIF (its first frame). It stays on this computer.",
    )
    with st.expander(
        "Take one with the camera", icon=":material/photo_camera:", key="camera_open", on_change="rerun"
    ) as camera:
        if camera.open:
            st.camera_input("Camera", key="camera", on_change=_take, args=("camera",), label_visibility="collapsed")
    if st.session_state.get("own_error"):
        st.error(st.session_state["own_error"])
    if upload is not None:
        st.segmented_control(
            "Dark and bright",
            ["automatic", "as it is", "exchanged"],
            default="automatic",
            required=True,
            key="invert",
            persist_state="page",
            help="Fashion-MNIST shows bright things on black; most photographs are the reverse.",
        )
    if upload is not None and pictures:
        left, right = st.columns(2, wrap=False)
        left.image(upload.original, caption="Your picture", width="stretch")
        right.image(
            upload.image if upload.image.shape[2] == 3 else upload.image[..., 0],
            width="stretch",
            caption=f"What the models see, {upload.image.shape[0]}×{upload.image.shape[1]}",
        )
        if upload.notes:
            st.caption("Done to it: " + "; ".join(upload.notes) + ".")


def _take(key: str) -> None:
    """Keeps the bytes of a new picture and shows it. A picture that cannot be read changes nothing."""
    file = st.session_state.get(key)
    st.session_state["own_error"] = None
    if file is None:
        return
    content = file.getvalue()
    try:
        picture_to_image(content, image_size=28, channels=1)
    except DataError as error:
        st.session_state["own_error"] = str(error)
        return
    st.session_state["own_bytes"] = content
    st.session_state["own_digest"] = hashlib.blake2b(content).digest()
    st.session_state["image"] = OWN


def _uploaded(pair: Pair) -> Upload | None:
    """The visitor's picture in the form that these models read."""
    content = st.session_state.get("own_bytes")
    if content is None:
        return None
    model = next(iter(pair.models().values())).model
    invert = {"as it is": False, "exchanged": True}.get(st.session_state.get("invert", "automatic"))
    form = {"image_size": model.image_size, "channels": model.channels, "invert": invert}
    key = (st.session_state["own_digest"], *form.values())
    return _uploads.get(key, lambda: picture_to_image(content, **form))


def warning(picture: Picture, gallery: Gallery) -> str | None:
    """What a visitor should know before believing an answer about this picture, as HTML."""
    if picture.upload is not None:
        return (
            "<b>Not a picture of the data set.</b> The models know only what they were trained on, and answer with one "
            "of its classes whatever they are shown."
        )
    return html.escape(gallery.note) if gallery.note else None
