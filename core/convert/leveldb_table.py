"""Reads LevelDB's sorted tables, the form of a TensorFlow checkpoint's index.

References
----------
"Leveldb file layout", doc/table_format.md of LevelDB (BSD): blocks of entries whose keys share
their beginnings, five bytes behind each, a footer at the end.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import WeightsCorrupt
from .crc32c import masked_crc32c
from .protobuf_wire import read_varint

MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")
_FOOTER_BYTES = 48
_TRAILER_BYTES = 5
_NOT_COMPRESSED = 0


def is_table(end: bytes) -> bool:
    """Tell by its last bytes whether a file is a table."""
    return end.endswith(MAGIC)


def read_table(data: bytes, *, subject: str) -> dict[bytes, bytes]:
    """Return a table's entries, in their order.

    Parameters
    ----------
    data : the file
    subject : what to call it in a message

    Raises
    ------
    WeightsCorrupt
        The file is cut off, damaged, compressed, or no table.
    """
    if len(data) < _FOOTER_BYTES or not is_table(data):
        raise WeightsCorrupt(
            f"{subject} is no TensorFlow checkpoint's index, or is cut off: its {len(data)} bytes "
            "do not end with the mark of such a file. Get the file again."
        )
    try:
        footer = data[-_FOOTER_BYTES:]
        at = 0
        for _ in range(2):  # offset and size of a block that is not needed
            _, at = read_varint(footer, at)
        entries: dict[bytes, bytes] = {}
        for _, place in _entries(_block(data, footer[at:])):
            entries.update(_entries(_block(data, place)))
    except (WeightsCorrupt, IndexError, ValueError) as error:
        raise WeightsCorrupt(
            f"{subject} is a damaged index of a TensorFlow checkpoint: {error}. Get the file again."
        ) from error
    return entries


def _block(data: bytes, place: bytes) -> bytes:
    """Return the checked block that two numbers, offset and size, point at."""
    offset, at = read_varint(place, 0)
    size, _ = read_varint(place, at)
    end = offset + size
    if end + _TRAILER_BYTES > len(data) - _FOOTER_BYTES:
        raise ValueError(f"a block ends at byte {end} of {len(data)}")
    if masked_crc32c(data[offset : end + 1]) != int.from_bytes(data[end + 1 : end + 5], "little"):
        raise ValueError(f"the checksum of the block at byte {offset} is wrong")
    if data[end] != _NOT_COMPRESSED:
        raise ValueError(f"the block at byte {offset} is compressed, which is not supported")
    return data[offset:end]


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Go through a block's entries."""
    n_restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (n_restarts + 1)
    if end < 0:
        raise ValueError(f"a block of {len(block)} bytes has {n_restarts} restarts")
    key, at = b"", 0
    while at < end:
        n_shared, at = read_varint(block, at)
        n_new, at = read_varint(block, at)
        n_value, at = read_varint(block, at)
        if n_shared > len(key) or at + n_new + n_value > end:
            raise ValueError(f"an entry of a block of {len(block)} bytes ends outside of it")
        key = key[:n_shared] + block[at : at + n_new]
        at += n_new
        yield key, block[at : at + n_value]
        at += n_value
