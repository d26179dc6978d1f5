"""What a training is called before a person, where nobody gave it a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vitviz.config import PRESETS, ModelConfig

WHAT = {"vit": "ViT", "fast": "fast ViT", "both": "pair"}


def title_of(arguments: Sequence[str], models: Mapping[str, ModelConfig], preset: str | None) -> str:
    """Such as `tuned pair, patch 4, 8 maps`.

    Args:
        arguments: those of the command `train`.
        models: by kind, once the process has read its settings; until then the arguments must do.
        preset: the same.
    """
    given = dict(zip(arguments[::2], arguments[1::2], strict=False))
    preset = preset or given.get("--preset") or "tuned"
    kind = "both" if len(models) == 2 else next(iter(models), given.get("--model", "both"))
    fast = models.get("fast")
    known = next(iter(models.values()), None)
    defaults = PRESETS.get(preset)
    patch = known.patch_size if known else given.get("--patch-size") or (defaults and defaults.model.patch_size)
    maps = fast.n_maps if fast else given.get("--n-maps") or (defaults and defaults.n_maps)
    title = f"{preset} {WHAT.get(kind, kind)}" + (f", patch {patch}" if patch else "")
    if kind == "vit" or not maps:
        return title
    return title + (", 1 map" if str(maps) == "1" else f", {maps} maps")
