"""`summary`: the layer table of one or both models, counted without building them."""

from __future__ import annotations

import argparse

from vitviz.analysis.operations import layers, total_macs, total_params
from vitviz.commands.options import add_model_options, shapes
from vitviz.commands.progress import Progress
from vitviz.config import ModelConfig, preset


def add(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Adds the command's options."""
    parser = commands.add_parser("summary", help="the layer table: shapes, parameters, operations")
    add_model_options(parser)
    return parser


def run(options: argparse.Namespace, progress: Progress) -> dict:
    """Prints the table; returns one model's layers and totals, or `{"vit": …, "fast": …}` for both."""
    models = shapes(options)
    for model in models:
        for line in table(model):
            progress.say(line)
    progress.say(preset(options.preset).note)
    described = {model.kind: as_object(model) for model in models}
    return described if len(models) == 2 else described[models[0].kind]


def table(model: ModelConfig) -> list[str]:
    """The lines of the table. Operations are multiply–accumulates of one picture, forward, attention included."""
    kind = "ViT" if model.kind == "vit" else f"fast ViT with {model.n_maps} maps"
    lines = [
        f"{kind}, patch size {model.patch_size}",
        f"{'layer':<24}{'output':>14}{'parameters':>14}{'operations':>14}",
    ]
    for layer in layers(model):
        shape = "×".join(map(str, layer.output_shape))
        lines.append(f"{layer.name:<24}{shape:>14}{layer.params:>14,}{layer.macs:>14,}")
    lines.append(f"{'total':<38}{total_params(model):>14,}{total_macs(model):>14,}")
    return [*lines, ""]


def as_object(model: ModelConfig) -> dict:
    """The same table, fit for JSON."""
    rows = [
        {"name": layer.name, "output_shape": list(layer.output_shape), "params": layer.params, "macs": layer.macs}
        for layer in layers(model)
    ]
    return {"layers": rows, "total_params": total_params(model), "total_macs": total_macs(model)}
