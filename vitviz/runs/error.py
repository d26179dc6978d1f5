"""The one error of the run store, and why a file could not be written or read."""

from __future__ import annotations

import errno

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


class RunError(ValueError):
    """A run is not there, is damaged or cannot be written; the message says which, why and the way out."""


def why(error: OSError) -> str:
    """The reason why something could not be written or read."""
    if error.errno in FULL:
        return "the disk is full" if error.errno != errno.EFBIG else "the file may not grow that large"
    if error.errno in FORBIDDEN:
        return "there is no permission to write"
    return error.strerror or str(error)
