"""The IDX file format of MNIST and Fashion-MNIST: a small header, then the values, often gzipped.

Header: two zero bytes, a type code (0x08 = unsigned bytes), the number of dimensions, then each dimension
as a big-endian 32-bit number. Source: "The IDX file format" on Yann LeCun's MNIST page.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np

from .errors import DataError

UNSIGNED_BYTES = 0x08
_GZIP_MAGIC = b"\x1f\x8b"


def read_idx(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """The values of an IDX file of unsigned bytes, plain or gzipped (told apart by content, not by name).

    Args:
        path: the file.
        shape: the dimensions that the file must have, such as `(60000, 28, 28)`.

    Returns:
        uint8 array of `shape`, read-only.

    Raises:
        DataError: the file cannot be read, is of another kind, holds another count, is too short or too long.
    """
    try:
        with path.open("rb") as plain:
            zipped = plain.read(2) == _GZIP_MAGIC
            plain.seek(0)
            with gzip.GzipFile(fileobj=plain) if zipped else plain as stream:
                _check_header(path, stream.read(4 + 4 * len(shape)), shape)
                size = int(np.prod(shape))
                # One byte more than expected: enough to see that a file is too long, without unpacking
                # whatever a crafted archive may hold.
                values = stream.read(size + 1)
    except EOFError:
        raise DataError(
            f"{path} is truncated: it must hold {_times(shape)} values, but its gzip stream stops early. "
            "Copy or download the file again."
        ) from None
    except (OSError, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}). Copy or download the file again.") from None
    if len(values) != size:
        found = f"only {len(values):,}" if len(values) < size else "more"
        raise DataError(
            f"{path} must hold {size:,} values after its header ({_times(shape)}), but it holds {found}: "
            "it is truncated or not this set. Copy or download it again."
        )
    return np.frombuffer(values, np.uint8).reshape(shape)


def _check_header(path: Path, header: bytes, shape: tuple[int, ...]) -> None:
    expected = bytes([0, 0, UNSIGNED_BYTES, len(shape)])
    if header[:4] != expected:
        raise DataError(
            f"{path} is not an IDX file of unsigned bytes in {len(shape)} dimension(s): it must start with "
            f"{expected.hex(' ')}, but starts with {header[:4].hex(' ') or 'nothing'}."
        )
    if len(header) < 4 + 4 * len(shape):
        raise DataError(f"{path} is truncated: it stops within its header. Copy or download the file again.")
    found = struct.unpack(f">{len(shape)}I", header[4:])
    if found != shape:
        raise DataError(
            f"{path} must hold {_times(shape)} values, but its header says {_times(found)}: "
            "it belongs to another set or split."
        )


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(f"{length:,}" for length in shape)
