"""From a run to its model: built by our own code from the run's settings, filled with the run's arrays."""

from __future__ import annotations

from vitviz.models import VisionTransformer, build
from vitviz.runs import RunRecord


def load_model(record: RunRecord) -> VisionTransformer:
    """The trained model of a run.

    Raises:
        RunError: the weights are missing, damaged, or not those of a model of these settings.
    """
    model = build(record.model, initial=None)
    variables = model.named_weights()
    weights = record.weights({name: tuple(variable.shape) for name, variable in variables.items()})
    for name, variable in variables.items():
        variable.assign(weights[name])
    return model
