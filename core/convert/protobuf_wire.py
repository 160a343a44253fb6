"""Reads protobuf messages without their schema: field numbers and raw values."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from ..arrays import Float32Array
from ..errors import WeightsCorrupt

Fields = dict[int, list[int | bytes]]
"""Values of each field number in order: an int for a varint, bytes for everything else."""

_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5


def read_fields(message: bytes) -> Fields:
    """Split a message into its fields.

    Raises
    ------
    WeightsCorrupt
        The bytes are not a protobuf message.

    References
    ----------
    "Encoding", protobuf.dev, Google: a key is a varint of field number · 8 + wire type.
    """
    fields: Fields = defaultdict(list)
    at = 0
    while at < len(message):
        key, at = read_varint(message, at)
        wire_type = key & 7
        if wire_type == _VARINT:
            value, at = read_varint(message, at)
            fields[key >> 3].append(value)
            continue
        if wire_type == _BYTES:
            length, at = read_varint(message, at)
        elif wire_type in (_FIXED_32, _FIXED_64):
            length = 4 if wire_type == _FIXED_32 else 8
        else:
            raise WeightsCorrupt(f"Byte {at} of a protobuf message has unknown type {wire_type}")
        if at + length > len(message):
            raise WeightsCorrupt(
                f"A protobuf message of {len(message)} bytes ends within a field of {length}"
            )
        fields[key >> 3].append(message[at : at + length])
        at += length
    return dict(fields)


def read_messages(fields: Fields, number: int) -> list[Fields]:
    """Return each value of a field as a message."""
    return [read_fields(value) for value in fields.get(number, []) if isinstance(value, bytes)]


def read_floats(fields: Fields, number: int) -> Float32Array:
    """Return a repeated float field, packed or one value a field, shape (n,)."""
    chunks = [value for value in fields.get(number, []) if isinstance(value, bytes)]
    return np.frombuffer(b"".join(chunks), "<f4").astype(np.float32)


def read_integers(fields: Fields, number: int) -> list[int]:
    """Return a repeated unsigned integer field, packed or one value a field."""
    integers: list[int] = []
    for value in fields.get(number, []):
        if isinstance(value, int):
            integers.append(value)
            continue
        at = 0
        while at < len(value):
            integer, at = read_varint(value, at)
            integers.append(integer)
    return integers


def read_varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number that starts at a byte, seven bits a byte, and where it ends.

    Raises
    ------
    WeightsCorrupt
        The message ends within the number, or it has more than ten bytes.
    """
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise WeightsCorrupt(f"A protobuf message of {len(message)} bytes ends within a number")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise WeightsCorrupt(f"A number before byte {at} of a protobuf message has no end")
