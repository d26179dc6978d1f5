"""The scores of the tutorial, from logits, in NumPy: the same function for training, validation and test."""

from __future__ import annotations

import numpy as np


def scores(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Loss, accuracy, precision, recall and top-5 accuracy of predictions.

    As in Keras: the loss is the mean cross-entropy; precision and recall count every class whose probability is
    above 0.5, over all classes together; precision is 0 where nothing is. With five classes or fewer, top-5 is 1.

    Args:
        logits: `(pictures, classes)`.
        labels: `(pictures,)`, whole numbers.

    Returns:
        A number for each of `runs.record.MEASURES`: `loss` (nats), `accuracy`, `precision`, `recall`, `top5`.
    """
    logits = logits.astype(np.float64)
    rows = np.arange(len(labels))
    log_probabilities = logits - logits.max(axis=1, keepdims=True)
    log_probabilities -= np.log(np.exp(log_probabilities).sum(axis=1, keepdims=True))
    claimed = log_probabilities > np.log(0.5)
    right = claimed[rows, labels].sum()
    true_logit = logits[rows, labels][:, None]
    known = ~np.isnan(true_logit[:, 0])  # nothing is larger than NaN: a training that diverged must not count as right
    return {
        "loss": float(-log_probabilities[rows, labels].mean()),
        "accuracy": float(((logits.argmax(axis=1) == labels) & known).mean()),
        "precision": float(right / max(claimed.sum(), 1)),
        "recall": float(right / len(labels)),
        "top5": float((((logits > true_logit).sum(axis=1) < 5) & known).mean()),
    }
