"""The form: what to train. Every control is in the page's address; what cannot be is refused where it is entered."""

from __future__ import annotations

import html

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vitviz.config import DATASETS, PRESETS
from vitviz.ui.race.datasets import at_hand
from vitviz.ui.race.settings import EPOCHS, LIMIT, Settings, preset_values

PATCH_SIZES = [2, 3, 4, 5, 7, 8, 10, 14, 16]
MAPS = [1, 2, 4, 8, 16, 32]
LIMITS = [500, 1000, 3000, 5000, 10000, 30000]
MODELS = {"pair": "both", "ViT": "vit", "fast ViT": "fast"}
# The session's key of each control, which is its name in the address too; other pages have a patch_size of their own
KEYS = {
    "preset": "preset", "model": "train_model", "dataset": "dataset", "data_dir": "data_dir",
    "classes": "train_classes",
    "patch_size": "train_patch_size", "n_maps": "train_n_maps", "insert_after": "insert_after",
    "token_learner": "token_learner", "blocks": "blocks", "heads": "train_heads", "width": "width", "epochs": "epochs",
    "batch_size": "batch_size", "seed": "seed", "limit": "limit",
}  # fmt: skip
RARE = ("classes", "blocks", "width", "heads", "insert_after", "token_learner", "batch_size", "seed")


def form() -> Settings:
    """Draws the form and returns what it says."""
    slots: dict[str, DeltaGenerator] = {}
    left, right = st.columns(2, gap="medium")
    with left:
        notes = "\n\n".join(f"**{name}**: {preset.note}" for name, preset in PRESETS.items())
        preset = st.segmented_control(
            "Preset", list(PRESETS), default="tuned", required=True, key="preset", bind="query-params", help=notes,
            on_change=_follow_the_preset,
        )  # fmt: skip
    usual = preset_values(preset)
    with right:
        model = st.segmented_control(
            "Train", list(MODELS), default="pair", required=True, key="train_model", bind="query-params",
            help="The pair runs a race: a ViT and a fast ViT that take turns, on the same pictures with the same seed.",
        )  # fmt: skip
    values = {"preset": preset, "model": MODELS[model]}
    values |= _pictures(slots)
    values |= _sizes(usual, slots, fast=model != "ViT")
    left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
    with left:
        values["epochs"] = st.number_input(
            "Epochs", 1, 10_000, value=EPOCHS, key="epochs", bind="query-params", help="Rounds over all pictures."
        )
    changed = [name for name in RARE if st.session_state.get(KEYS[name], usual[name]) != usual[name]]
    with right, st.popover(
        f"More settings ({len(changed)} changed)" if changed else "More settings",
        icon=":material/tune:", width="stretch", key="more-settings",
    ):  # fmt: skip
        values |= _rare(usual, slots, fast=model != "ViT")
    settings = Settings(**values)
    _say(settings, slots)
    return settings


def fill(settings: Settings) -> None:
    """Puts settings into the controls. For a callback: before the controls are drawn."""
    for name, key in KEYS.items():
        value = getattr(settings, name)
        if name == "model":
            value = next(label for label, model in MODELS.items() if model == value)
        elif name == "limit":
            value = "all" if value is None else str(value)
        elif name == "data_dir":
            value = value or ""
        elif value is None and name != "classes":
            value = preset_values(settings.preset)[name]
        st.session_state[key] = value


def _pictures(slots: dict[str, DeltaGenerator]) -> dict[str, object]:
    left, right = st.columns(2, gap="medium")
    names = list(DATASETS)
    with left:
        dataset = st.selectbox(
            "Pictures", names, index=names.index(at_hand()), key="dataset", bind="query-params",
            help="fashion_mnist_mini comes with the project. folder: your own pictures, a sub-folder for each class.",
        )  # fmt: skip
    with right:
        limit = st.select_slider(
            "Training pictures", _options("limit", LIMITS, most=10_000_000), value=str(LIMIT), key="limit",
            bind="query-params", help="The first so many of the set; a part of them is held out for validation.",
        )  # fmt: skip
    folder = ""
    if dataset == "folder" or Settings(dataset=dataset).about().problem or st.session_state.get("data_dir"):
        folder = st.text_input(
            "Folder", key="data_dir", bind="query-params", placeholder="/home/me/pictures", max_chars=1000,
            help="On the computer where vitviz runs.",
        ).strip()  # fmt: skip
    slots["dataset"] = st.container(key="say-dataset")
    return {"dataset": dataset, "limit": None if limit == "all" else int(limit), "data_dir": folder or None}


def _sizes(usual: dict, slots: dict[str, DeltaGenerator], *, fast: bool) -> dict[str, object]:
    left, right = st.columns(2, gap="medium")
    with left:
        patch = st.select_slider(
            "Patch size", [int(size) for size in _options("train_patch_size", PATCH_SIZES, most=64, all=False)],
            value=usual["patch_size"], key="train_patch_size", bind="query-params",
            help="The side of a patch in pixels. Small patches: many tokens, fine detail, more work.",
        )  # fmt: skip
    with right:
        maps = st.select_slider(
            "n_maps", [int(maps) for maps in _options("train_n_maps", MAPS, most=4096, all=False)],
            value=usual["n_maps"], key="train_n_maps", bind="query-params", disabled=not fast,
            help="How many learned tokens the fast ViT goes on with after its TokenLearner.",
        )  # fmt: skip
    slots["patch_size"] = slots["n_maps"] = st.container(key="say-sizes")
    return {"patch_size": patch, "n_maps": maps}


def _rare(usual: dict, slots: dict[str, DeltaGenerator], *, fast: bool) -> dict[str, object]:
    values = {}
    left, right = st.columns(2, gap="medium")
    with left:
        values["classes"] = _number("Classes", "classes", usual, 2, 1000, slots, placeholder="all",
                                    help="The first so many of the set. Empty: all. The tutorial: 4.")  # fmt: skip
        values["blocks"] = _number("Blocks", "blocks", usual, 1, 48, slots)
        values["heads"] = _number("Heads", "heads", usual, 1, 64, slots)
        values["width"] = _number("Width", "width", usual, 1, 4096, slots, help="Values of a token.")
    with right:
        values["insert_after"] = _number("TokenLearner after block", "insert_after", usual, 0, 48, slots,
                                         disabled=not fast, help="0: before the first block.")  # fmt: skip
        values["token_learner"] = st.segmented_control(
            "TokenLearner", ["v1", "v1.1"], default=usual["token_learner"], required=True, key="token_learner",
            bind="query-params", disabled=not fast,
            help="v1: convolutions, each map between 0 and 1. v1.1: an MLP, each map sums to 1 over the picture.",
        )  # fmt: skip
        values["batch_size"] = _number("Batch size", "batch_size", usual, 1, 65536, slots, help="Pictures in a step.")
        values["seed"] = _number("Seed", "seed", usual, 0, 2**31 - 1, slots,
                                 help="Of the first weights, the order and the augmentation.")  # fmt: skip
    return values


def _number(label: str, name: str, usual: dict, low: int, high: int, slots: dict, **more: object) -> int | None:
    value = st.number_input(
        label, low, high, value=usual[name], step=1, key=KEYS[name], bind="query-params", **more
    )  # fmt: skip
    slots[name] = st.container(key=f"say-{name}")
    return value


def _options(key: str, usual: list[int], *, most: int, all: bool = True) -> list[str]:
    """The stops of a slider, with the one that a link or an earlier training asks for."""
    asked = {str(st.session_state.get(key) or ""), st.query_params.get(key, "")}
    # not many digits are needed for the most, and Python reads no number of thousands of them
    wanted = {int(one) for one in asked if one.isdecimal() and len(one) <= len(str(most)) and 0 < int(one) <= most}
    return [str(one) for one in sorted({*usual, *wanted})] + (["all"] if all else [])


def _say(settings: Settings, slots: dict[str, DeltaGenerator]) -> None:
    """Puts each refusal beside its control; where nothing is refused, what the control means."""
    refusals = settings.refusals()
    lines = {"dataset": _about_pictures(settings), "n_maps": _about_sizes(settings)}
    for name, sentence in refusals.items():
        place = name if name in slots else "n_maps"
        slots[place].html(f'<p class="vv-refused">{html.escape(sentence)}</p>')
        if name in RARE:  # the popover may be closed
            lines["n_maps"] = ""
            slots["n_maps"].html(f'<p class="vv-refused">{html.escape(sentence)}</p>')
        lines.pop("n_maps" if place == "patch_size" else place, None)
    for place, line in lines.items():
        if line:
            slots[place].html(f'<p class="vv-note">{html.escape(line)}</p>')


def _about_pictures(settings: Settings) -> str:
    about = settings.about()
    if about.classes is None:
        return about.title
    side, _, channels = about.image_shape
    size = f"{side}×{side}{' in colour' if channels == 3 and settings.dataset != 'folder' else ''}"
    count = "" if about.per_class is None else f", {about.per_class * about.classes:,} training pictures"
    return f"{about.title}: {about.classes} classes{count}, {size}."


def _about_sizes(settings: Settings) -> str:
    try:
        models = settings.models()
    except ValueError:  # said beside the control that is to blame
        return ""
    one = models[-1]
    dropped = one.image_size - one.grid * one.patch_size
    text = f"{one.grid}×{one.grid} = {one.tokens} tokens"
    text += f", {dropped} rows and columns of pixels dropped" if dropped > 0 else ""
    if one.n_maps is not None:
        text += f"; {one.n_maps} learned token{'s' if one.n_maps > 1 else ''} after block {one.insert_after}"
    return text + "."


def _follow_the_preset() -> None:
    """A preset brings its own network; pictures and epochs stay as they are."""
    for name, value in preset_values(st.session_state["preset"]).items():
        st.session_state[KEYS[name]] = value
