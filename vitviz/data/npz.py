"""Arrays from a NumPy .npz archive, checked, and never unpickled."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from .errors import DataError


def read_npz(path: Path, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """The named arrays of an archive.

    Args:
        path: the file.
        shapes: the name and the shape of every array that must be there; all hold whole numbers.

    Raises:
        DataError: the file cannot be read, or an array is missing, of another shape or of another kind.
    """
    try:
        # The context manager needs a real archive: np.load also accepts a lone .npy and returns an array.
        with zipfile.ZipFile(path) as archive:
            members = set(archive.namelist())
        missing = [name for name in shapes if f"{name}.npy" not in members]
        if missing:
            raise DataError(f"{path} has no array called {missing[0]!r}: it must hold {', '.join(shapes)}.")
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in shapes}
    except DataError:
        raise
    except (
        OSError,
        ValueError,
        KeyError,
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise DataError(
            f"{path} cannot be read as a NumPy archive ({error}). Copy or download it again."
        ) from None
    for name, shape in shapes.items():
        if arrays[name].shape != shape or arrays[name].dtype.kind not in "ui":
            raise DataError(
                f"{path}: {name} must be whole numbers of shape {shape}, "
                f"but it is {arrays[name].dtype} of shape {arrays[name].shape}."
            )
    return arrays
