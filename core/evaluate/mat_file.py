"""Reads arrays of numbers from MATLAB files of version 5 (`save -v6`, `-v7`) with NumPy alone.

References
----------
"MAT-File Format", The MathWorks: Level 5. Elements of a type, a length and bytes; an array is an
element of elements; version 7 compresses each array.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np

from ..arrays import Float64Array
from ..errors import CannotDecode

_HEADER_BYTES = 128
_MATRIX, _COMPRESSED = 14, 15
_NUMBER_TYPES = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip
_NUMBER_CLASSES = range(6, 16)
"""double, single, and integers of 8 to 64 bits; before these come cells, structs and text."""
_IS_COMPLEX = 0x0800
_MAX_BYTES = 1 << 28


def read_mat(data: bytes, names: tuple[str, ...], *, subject: str) -> dict[str, Float64Array]:
    """Return those of some arrays that a file holds, as float64.

    Parameters
    ----------
    data : the file
    names : which arrays
    subject : what to call the file in a message

    Raises
    ------
    CannotDecode
        The file is damaged, or of another version.
    """
    if data[:10] == b"MATLAB 7.3":
        raise CannotDecode(f"{subject} is of version 7.3. Save it in MATLAB with `save -v7`.")
    order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if order is None:
        raise CannotDecode(
            f"{subject} is no MATLAB file of version 5, or is cut off ({len(data)} bytes). Save it "
            "in MATLAB with `save -v7`."
        )
    found: dict[str, Float64Array] = {}
    try:
        for kind, content in _elements(data[_HEADER_BYTES:], order):
            if kind == _COMPRESSED:
                kind, content = next(_elements(_unpacked(content), order))
            if kind == _MATRIX:
                name, values = _array(content, order, names)
                if values is not None:
                    found[name] = values
    except (ValueError, IndexError, StopIteration, zlib.error) as error:
        raise CannotDecode(
            f"{subject} is damaged: {str(error) or 'an array in it is empty'}. Get the file again."
        ) from error
    return found


def _elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Go through the elements that lie one after another: type and content."""
    at = 0
    while at + 8 <= len(data):
        first, second = (int(value) for value in np.frombuffer(data, f"{order}u4", 2, at))
        if first >> 16:  # up to four bytes, packed into the tag
            kind, length, begin, end = first & 0xFFFF, first >> 16, at + 4, at + 8
            if length > 4:
                raise ValueError(f"a packed element has {length} bytes")
        else:
            kind, length, begin = first, second, at + 8
            # Compressed elements follow each other closely, all others begin at multiples of 8.
            end = begin + (length if kind == _COMPRESSED else -(-length // 8) * 8)
        if begin + length > len(data):
            raise ValueError(f"an element of {length} bytes is cut off")
        yield kind, data[begin : begin + length]
        at = end


def _unpacked(content: bytes) -> bytes:
    """Decompress an element; an archive can claim to unpack to any size."""
    worker = zlib.decompressobj()
    unpacked = worker.decompress(content, _MAX_BYTES)
    if not worker.eof:
        raise ValueError("a compressed array is cut off, or too large")
    return unpacked


def _array(content: bytes, order: str, names: tuple[str, ...]) -> tuple[str, Float64Array | None]:
    """Read an array: its name, and its numbers where it is asked for and has some."""
    parts = _elements(content, order)
    flags = int(np.frombuffer(next(parts)[1], f"{order}u4")[0])
    shape = np.frombuffer(next(parts)[1], f"{order}i4").tolist()
    name = next(parts)[1].decode("ascii", "replace")
    if name not in names:
        return name, None
    if (flags & 0xFF) not in _NUMBER_CLASSES or flags & _IS_COMPLEX:
        raise ValueError(f"'{name}' is no array of real numbers")
    kind, numbers = next(parts)
    if kind not in _NUMBER_TYPES:
        raise ValueError(f"'{name}' has numbers of the unknown type {kind}")
    values = np.frombuffer(numbers, order + _NUMBER_TYPES[kind]).astype(np.float64)
    return name, values.reshape(shape, order="F")
