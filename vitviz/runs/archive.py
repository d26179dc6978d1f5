"""Weights as plain arrays in a .npz archive; nothing in it is ever unpickled."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from vitviz.runs.error import RunError

WEIGHTS = "weights.npz"
# What zipfile and NumPy raise for an archive that was cut short, altered or made to mislead.
_DAMAGE = (OSError, ValueError, KeyError, EOFError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error)


def write_weights(path: Path, weights: Mapping[str, np.ndarray], *, compact: bool) -> None:
    """Writes `weights` as float32, or as float16 where `compact`.

    Raises `RunError` for an array that is not of real numbers or does not fit float16, and `OSError`.
    """
    name, kind = _foreign(weights)
    if name is not None:
        raise RunError(f"Weights must be NumPy arrays of real numbers; {name!r} is {kind}: convert it first.")
    arrays = {name: _half(name, array) if compact else array.astype(np.float32) for name, array in weights.items()}
    buffer = io.BytesIO()  # in memory first: a full disk then stops one plain write, not a half-closed archive
    np.savez(buffer, **arrays)  # deflating trained float16 saves 9% and doubles the time to read: not worth it
    path.write_bytes(buffer.getbuffer())


def read_weights(path: Path, expected: Mapping[str, tuple[int, ...]] | None = None) -> dict[str, np.ndarray]:
    """The arrays of an archive, as float32.

    `expected` gives the shape of every name that must be there. Raises `RunError` for an archive that is
    missing or damaged, holds anything but real numbers, or does not match `expected`.
    """
    with _opened(path) as archive:
        try:
            # An array of objects is refused by NumPy; a member that is no .npy comes back as bytes.
            arrays = {name: archive[name] for name in archive.files}
        except _DAMAGE as error:
            raise RunError(f"{path.name} is damaged or holds something other than plain arrays.") from error
    name, kind = _foreign(arrays)
    if name is not None:
        raise RunError(f"{path.name} must hold arrays of real numbers only; {name!r} is {kind}.")
    if expected is not None:
        _compare(path.name, arrays, expected)
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def check_archive(path: Path) -> None:
    """Raises `RunError` if the archive is missing or was cut short; reads its table of contents only."""
    _opened(path).close()


def _opened(path: Path) -> np.lib.npyio.NpzFile:
    try:
        archive = np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise RunError(f"{path.name} is missing.") from error
    except _DAMAGE as error:
        raise RunError(f"{path.name} is damaged: it cannot be read as an archive of plain arrays.") from error
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise RunError(f"{path.name} is damaged: it holds one bare array and not an archive of named ones.")
    return archive


def _foreign(weights: Mapping[str, object]) -> tuple[str, str] | tuple[None, None]:
    """The name and kind of the first value that is not an array of real numbers."""
    for name, array in weights.items():
        if not isinstance(array, np.ndarray):
            return name, type(array).__name__
        if array.dtype.kind != "f":
            return name, str(array.dtype)
    return None, None


def _half(name: str, array: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    if (np.isinf(half) & np.isfinite(array)).any():
        largest = np.abs(array[np.isfinite(array)]).max()
        raise RunError(f"Compact weights must fit float16, at most 65504; {name!r} reaches {largest:.3g}: "
                       "save this run without compact.")
    return half


def _compare(file: str, arrays: Mapping[str, np.ndarray], expected: Mapping[str, tuple[int, ...]]) -> None:
    for name in expected:
        if name not in arrays:
            raise RunError(f"{file} does not fit its model: it holds no weight {name!r}.")
    for name, array in arrays.items():
        if name not in expected:
            raise RunError(f"{file} does not fit its model, which has no weight {name!r}.")
        if array.shape != tuple(expected[name]):
            raise RunError(f"{file} does not fit its model: {name!r} must have the shape {tuple(expected[name])}, "
                           f"not {array.shape}.")
