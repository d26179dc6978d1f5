"""The one error of this package."""

from __future__ import annotations


class DataError(ValueError):
    """Pictures or labels cannot be used; the message names the rule, what was found and the way out."""
