"""What can go wrong with a training, in words for a person."""

from __future__ import annotations

from vitviz.runs.error import why


class JobError(ValueError):
    """A training is not there, or cannot do what is asked of it now; the message says why and the way out."""


class Stopped(KeyboardInterrupt):
    """Somebody asked the training to stop; the message says what is kept. `result` is what was saved, if any was."""

    result: dict | None = None


def in_words(error: BaseException) -> str:
    """One sentence for an error; those of the project are sentences already."""
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{why(error)}."
    text = " ".join(str(error).split())
    if isinstance(error, ValueError | MemoryError | Stopped) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
