"""How long a training will take, judged by the ones that ran on this machine before. No Streamlit here."""

from __future__ import annotations

from collections.abc import Iterable

from vitviz.analysis.operations import total_macs
from vitviz.config import ModelConfig, TrainConfig
from vitviz.runs import RunRecord

START_SECONDS = 8.0  # importing TensorFlow and reading pictures
COMPILE_SECONDS = 10.0  # per model, where nothing is known


def seconds(
    models: Iterable[ModelConfig], train: TrainConfig, pictures: int, known: Iterable[RunRecord]
) -> float | None:
    """Seconds until the models are trained and saved; None where no run gives an idea.

    A step's time is taken to grow with the operations counted, from the known run that is nearest in operations.
    This holds within a factor of two or so: small products run less efficiently than large ones.
    """
    known = [run for run in known if run.timing.get("step_ms", {}).get("median")]
    if not known:
        return None
    kept = min(pictures, train.limit or pictures) * (1 - train.validation_fraction)
    total = START_SECONDS
    for model in models:
        macs = total_macs(model)
        nearest = min(known, key=lambda run: abs(run.operations["macs"] - macs))
        per_picture = nearest.timing["step_ms"]["median"] / 1000 / nearest.train.batch_size
        total += kept * train.epochs * per_picture * macs / nearest.operations["macs"]
        total += nearest.timing.get("compile_seconds", COMPILE_SECONDS)
    return total


def in_words(duration: float | None) -> str:
    """As a person says it; honest about what it is."""
    if duration is None:
        return "how long it takes is not known yet on this machine"
    if duration < 90:
        return f"about {max(10, round(duration, -1)):.0f} seconds"
    if duration < 5400:
        return f"about {duration / 60:.0f} minutes"
    return f"about {duration / 3600:.1f} hours"
