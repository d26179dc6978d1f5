"""The band under the controls: the picture's way through both models, how many tokens each block reads, and the cost.

It is drawn from the runs alone, so it is there before any model has been built, and it is HTML with a height of its
own, so that nothing below it moves.
"""

from __future__ import annotations

import html
from typing import NamedTuple

from vitviz.config import ModelConfig
from vitviz.figures.palette import model_colour
from vitviz.runs import RunRecord
from vitviz.ui.scene import Scene
from vitviz.ui.strip import picture_url

DOTS = 34  # pixels: the side of the square in which a token is a dot, when the square holds all patches
LONGEST = 1.25  # times the ViT's cost: where a bar ends, so that a fast ViT that costs more can be seen to
NUMBERS = {
    "test accuracy": "The share of right answers on test pictures",
    "operations": "Multiply–accumulates of one picture, and their share of the ViT's",
    "training step": "The duration of a training step: median, and the fast ViT's share of the ViT's",
}
NOT_HERE = "There is no such model of this patch size here."
LABELS = ("ViT", "fast ViT")


class Station(NamedTuple):
    """One stop on the way. `before` and `after` are tokens; a block leaves their number as it is."""

    name: str
    before: int
    after: int


def stations(config: ModelConfig) -> list[Station]:
    """A model's blocks, and what changes the number of tokens between them, in order."""
    tokens = (config.tokens, *config.block_tokens)
    found = []
    for block in range(config.blocks + 1):
        if block:
            found.append(Station(f"Block {block}", tokens[block], tokens[block]))
        if config.n_maps is not None and block == config.insert_after:
            found.append(Station("TokenLearner", config.tokens, config.n_maps))
        if config.n_maps is not None and block == config.fuse_after:
            found.append(Station("TokenFuser, TokenLearner", config.n_maps, config.n_maps))
    return found


def band(scene: Scene, *, ratio: float | None, offered: bool = False) -> str:
    """The band as HTML.

    Args:
        ratio: the duration of a step of the fast ViT over the ViT's, where it was measured.
        offered: leaves the lane of a missing model empty, for the page's offer to train it.
    """
    config = scene.config
    guide = stations(scene.pair.fast.model if scene.pair.fast is not None else config)
    cells = [f'<span class="vv-flow-head">{html.escape(name)}</span>' for name in ("", *(stop.name for stop in guide))]
    cells += [f'<span class="vv-flow-head number" title="{title}">{name}</span>' for name, title in NUMBERS.items()]
    for label in LABELS:
        run = scene.runs.get(label)
        if run is not None:
            cells += _lane(label, run, guide, scene, ratio)
        else:
            cells += [_label(label), f'<span class="vv-flow-missing">{"" if offered else NOT_HERE}</span>']
    return (
        f'<p class="vv-flow-words">{html.escape(_sentence(scene))}</p>'
        f'<div class="vv-flow" style="--stations:{len(guide)}">'
        f'<figure class="vv-cut">{_cut(scene)}<figcaption>{config.tokens} patches</figcaption></figure>'
        f'<div class="vv-lanes">{"".join(cells)}</div></div>'
    )


def _sentence(scene: Scene) -> str:
    config, fast = scene.config, scene.pair.fast
    both = f"Both models cut the picture into the same {config.tokens} patches"
    if fast is None:
        return f"The ViT cuts the picture into {config.tokens} patches, and every block reads all of them."
    count = fast.model.n_maps
    makes = "one learned token" if count == 1 else f"{count} learned tokens"
    place = "before the first block" if fast.model.insert_after == 0 else f"after block {fast.model.insert_after}"
    rest = "that one" if count == 1 else "those"
    return f"{both}; {place}, the TokenLearner makes {makes} of them, and the fast ViT goes on with {rest} alone."


def _cut(scene: Scene) -> str:
    """The picture with its patches apart; what no patch covers is veiled."""
    config = scene.config
    covered = config.grid * config.patch_size
    side = max(config.image_size, covered)
    shares = {"cell": config.patch_size, "covered": covered, "picture": config.image_size}
    sizes = "".join(f"--{name}:{pixels / side:.6f};" for name, pixels in shares.items())
    picture = f'<img alt="The picture in {config.grid} by {config.grid} patches" src="{picture_url(scene.picture)}">'
    return f'<div class="vv-cut-picture" style="{sizes}">{picture}<i></i></div>'


def _label(label: str) -> str:
    return f'<b class="vv-flow-label vv-label" style="--model:{model_colour(label)}">{label}</b>'


def _lane(label: str, run: RunRecord, guide: list[Station], scene: Scene, ratio: float | None) -> list[str]:
    colour = f"--model:{model_colour(label)}"
    cells = [_label(label)]
    tokens = run.model.tokens
    own = {station.name: station for station in stations(run.model)}
    for number, stop in enumerate(guide):
        station = own.get(stop.name, Station("", tokens, tokens))
        first, last = number == 0, number == len(guide) - 1
        cells.append(_station(station, tokens, run.model.grid, colour, "first" if first else "last" if last else ""))
    accuracy = run.metrics.get("test", {}).get("accuracy")
    accurate = "" if accuracy is None else f"{accuracy:.1%}"
    return [*cells, _number("test accuracy", accurate, accuracy, colour), *_costs(label, run, scene, ratio, colour)]


def _station(station: Station, tokens: int, grid: int, colour: str, end: str) -> str:
    """A block with its tokens as dots, or a funnel; behind it runs a stream as wide as there are tokens."""
    widths = f"{colour};--in:{station.before / tokens:.4f};--out:{station.after / tokens:.4f}"
    if station.before != station.after:
        said = f"{station.before} → {station.after}"
        inside = f"<b>{said}</b>"
        title = f"{station.name}: {station.before} tokens in, {station.after} out"
    elif station.name.startswith("Block"):
        inside = f"{_dots(station.after, tokens, grid)}<b>{station.after}</b>"
        title = f"{station.name} reads {_tokens(station.after)}"
    else:
        inside = f"<em>{'all go on' if not station.name else station.name}</em>"
        title = "No TokenLearner: every token goes on" if not station.name else station.name
    kind = "funnel" if station.before != station.after else ""
    return f'<span class="vv-stop {kind} {end}" style="{widths}" title="{html.escape(title)}">{inside}</span>'


def _dots(count: int, tokens: int, grid: int) -> str:
    """A dot for every token; a learned token's dot is as large as a patch's."""
    size = DOTS / grid
    rows = grid if count == tokens else max(rows for rows in range(1, grid + 1) if count % rows == 0)
    return (
        f'<i class="vv-dots" style="--dot:{size:.3f}px;--gap:{min(1.5, size / 3):.2f}px;'
        f'width:{count // rows * size:.2f}px;height:{rows * size:.2f}px"></i>'
    )


def _costs(label: str, run: RunRecord, scene: Scene, ratio: float | None, colour: str) -> list[str]:
    """Operations and a step's time; where there are two models, the fast ViT's as a share of the ViT's."""
    vit = scene.pair.vit
    macs = run.operations["macs"]
    counted, measured, step = 1.0, 1.0, run.timing.get("step_ms", {}).get("median")
    said = [_millions(macs), "" if step is None else f"{step:.1f} ms"]
    if label == "fast ViT" and vit is not None:
        counted, measured = macs / vit.operations["macs"], ratio
        said = [f"{_millions(macs)} · ×{counted:.2f}", "" if ratio is None else f"×{ratio:.2f}"]
    return [
        _number("operations", said[0], counted / LONGEST, colour),
        _number("training step", said[1], measured and measured / LONGEST, colour),
    ]


def _number(name: str, said: str, share: float | None, colour: str) -> str:
    bar = f'<i style="width:{min(share or 0, 1):.0%}"></i>'
    return f'<span class="vv-flow-number" style="{colour}" data-name="{name}">{said or "–"}{bar}</span>'


def _millions(macs: int) -> str:
    return f"{macs / 1e6:.1f} M"


def _tokens(count: int) -> str:
    return "1 token" if count == 1 else f"{count} tokens"
