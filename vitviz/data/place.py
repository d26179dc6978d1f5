"""The path that a person means by the name of a folder."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import DataError


def place_of(folder: Path | str) -> Path:
    """`folder` as a path, with `~` and `~name` as the home that they stand for.

    Raises:
        DataError: a home that nobody has, or characters that no path can hold.
    """
    try:
        if "\0" in str(folder):
            raise ValueError
        os.fsencode(folder)
        return Path(folder).expanduser()
    except RuntimeError as error:
        raise DataError(f"The folder {folder} begins with the home of somebody who is not known here: "
                        "write out the whole path.") from error  # fmt: skip
    except ValueError as error:
        raise DataError(f"The folder {str(folder)!r} holds a character that no path can hold: "
                        "leave it out.") from error  # fmt: skip
