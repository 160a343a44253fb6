"""CRC-32C of large arrays with NumPy alone, and TensorFlow's masked form of it.

References
----------
RFC 3720, appendix B.4: polynomial 0x1EDC6F41, here bit-reversed. The mask is LevelDB's.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0x82F63B78
_MASK_DELTA = 0xA282EAD8
_LEAST_LANE_BYTES = 256
_MOST_LANES = 1 << 14

_Words = NDArray[np.uint32]


def masked_crc32c(data: bytes | memoryview) -> int:
    """Return the checksum as LevelDB and TensorFlow store it."""
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF


def crc32c(data: bytes | memoryview) -> int:
    """Return the checksum of some bytes.

    The bytes are cut into lanes of one length, whose remainders are computed side by side and then
    joined in pairs: 50 MB take under a second, where a loop over bytes takes ten.
    """
    values = np.frombuffer(data, np.uint8)
    table = _tables()[0]
    if len(values) < 4:
        crc = 0xFFFFFFFF
        for value in values.tolist():
            crc = int(table[(crc ^ value) & 0xFF]) ^ (crc >> 8)
        return crc ^ 0xFFFFFFFF
    n_lanes = 1
    while n_lanes < _MOST_LANES and len(values) >= 2 * n_lanes * _LEAST_LANE_BYTES:
        n_lanes *= 2
    n_words = -(-len(values) // (4 * n_lanes))
    # Zeros before the message change nothing in a remainder that begins with 0; that the checksum
    # begins with 1 … 1 is the same as four inverted bytes.
    padded = np.zeros(4 * n_lanes * n_words, np.uint8)
    begin = len(padded) - len(values)
    padded[begin:] = values
    padded[begin : begin + 4] ^= 0xFF
    lanes = np.ascontiguousarray(padded.view("<u4").reshape(n_lanes, n_words).T)
    return int(_joined(_remainders(lanes), 4 * n_words)) ^ 0xFFFFFFFF


def _remainders(lanes: _Words) -> _Words:
    """Return the remainder of each column of (n_words, n_lanes), four bytes a step."""
    first, second, third, fourth = _tables()
    crc = np.zeros(lanes.shape[1], np.uint32)
    for words in lanes:
        crc = crc ^ words
        crc = (
            fourth[crc & 0xFF]
            ^ third[(crc >> 8) & 0xFF]
            ^ second[(crc >> 16) & 0xFF]
            ^ first[crc >> 24]
        )
    return crc


def _joined(crc: _Words, n_bytes: int) -> np.uint32:
    """Join the remainders of a power of two of neighbours, each of so many bytes."""
    operator = _shift_operator(n_bytes)
    while len(crc) > 1:
        crc = _applied(operator, crc[0::2]) ^ crc[1::2]
        operator = _applied(operator, operator)
    return np.uint32(crc[0])


def _shift_operator(n_bytes: int) -> _Words:
    """Return what each bit of a remainder becomes behind so many zero bytes, shape (32,)."""
    bits = np.uint32(1) << np.arange(32, dtype=np.uint32)
    result, power = bits, _tables()[0][bits & 0xFF] ^ (bits >> 8)
    while n_bytes:
        if n_bytes & 1:
            result = _applied(power, result)
        power = _applied(power, power)
        n_bytes >>= 1
    return result


def _applied(operator: _Words, crc: _Words) -> _Words:
    """Apply a linear map of bits, given by its columns, to each remainder."""
    result = np.zeros_like(crc)
    for bit, column in enumerate(operator):
        result ^= ((crc >> np.uint32(bit)) & np.uint32(1)) * column
    return result


@cache
def _tables() -> tuple[_Words, _Words, _Words, _Words]:
    """Return the remainders of a byte with none, one, two and three zero bytes behind it."""
    first = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        first = np.where(first & 1, (first >> 1) ^ np.uint32(_POLYNOMIAL), first >> 1)
    first = first.astype(np.uint32)
    second = first[first & 0xFF] ^ (first >> 8)
    third = first[second & 0xFF] ^ (second >> 8)
    return first, second, third, first[third & 0xFF] ^ (third >> 8)
