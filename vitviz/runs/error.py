"""The one error of the run store."""

from __future__ import annotations


class RunError(ValueError):
    """A run is not there, is damaged or cannot be written; the message says which, why and the way out."""
