"""The pair's ratio in large digits: fast ViT over ViT, with its spread. No Streamlit here."""

from __future__ import annotations

from vitviz.analysis.operations import total_macs
from vitviz.live import Job


def ratio_tile(job: Job) -> str:
    """As HTML; empty for a training of one model."""
    if len(job.models) == 1:
        return ""
    counted = ""
    if len(job.models) == 2:
        operations = total_macs(job.models["fast"]) / total_macs(job.models["vit"])
        counted = f"Operations, counted: {operations:.2f}."
    pair = job.pair
    if pair is None:
        return f'<div class="vv-ratio"><b>–</b><p>fast ViT ÷ ViT<br>{counted}</p></div>'
    return (
        f'<div class="vv-ratio"><b>{pair["ratio"]:.2f}</b><p>fast ViT ÷ ViT. Half of {pair["slices"]:,} turns lie '
        f"between {pair['q1']:.2f} and {pair['q3']:.2f}. {counted}</p></div>"
    )
