"""Reads TensorFlow's checkpoints, without TensorFlow: an index, and shards of plain numbers.

Nothing in them is code. The graph beside a SavedModel's variables is not read.

References
----------
tensorflow/core/util/tensor_bundle and tensorflow/core/protobuf/tensor_bundle.proto (Apache-2.0).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..arrays import AnyArray, Float32Array
from ..errors import WeightsCorrupt, WeightsMissing
from .crc32c import masked_crc32c
from .leveldb_table import read_table
from .protobuf_wire import Fields, read_fields, read_messages

FLOAT_32 = 1
_TYPE_NAMES = {1: "float32", 2: "float64", 3: "int32", 7: "string", 9: "int64"}
_HEADER_KEY = b""
_BIG_ENDIAN = 1
_MAX_AXES = 8


@dataclass(frozen=True, slots=True)
class Variable:
    """One tensor's entry in the index; `kind` is TensorFlow's number of its type."""

    name: str
    kind: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    n_bytes: int
    checksum: int

    def __str__(self) -> str:
        """Name it with type and shape."""
        return f"'{self.name}' {_TYPE_NAMES.get(self.kind, f'type {self.kind}')} {self.shape}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint's index as it was read; `subject` names it in messages."""

    index: Path
    subject: str
    n_shards: int
    variables: Mapping[str, Variable]

    def shard_path(self, shard: int) -> Path:
        """Return the file that holds a shard's numbers."""
        name = f"{self.index.stem}.data-{shard:05d}-of-{self.n_shards:05d}"
        return self.index.with_name(name)


def read_checkpoint(index: Path, data: bytes) -> Checkpoint:
    """Read a checkpoint's index.

    Parameters
    ----------
    index : where the index lies; the shards lie beside it
    data : its bytes

    Raises
    ------
    WeightsCorrupt
        It is damaged, or of a kind that is not supported.
    """
    subject = f"Checkpoint '{index.name}'"
    entries = read_table(data, subject=subject)
    try:
        header = read_fields(entries.pop(_HEADER_KEY))
        n_shards = _number(header, 1)
        is_big_endian = _number(header, 2) == _BIG_ENDIAN
        variables = [_variable(key.decode(), value) for key, value in entries.items()]
    except (WeightsCorrupt, KeyError, ValueError) as error:
        raise WeightsCorrupt(
            f"{subject} is damaged: its entries cannot be read ({error}). Get the file again."
        ) from error
    if is_big_endian:
        raise WeightsCorrupt(
            f"{subject} was written by a big-endian machine, which is not supported. Write it "
            "again on another one."
        )
    return Checkpoint(index, subject, n_shards, {each.name: each for each in variables})


def read_variables(checkpoint: Checkpoint, names: list[str]) -> dict[str, Float32Array]:
    """Read some float32 variables, and check the sum of each.

    Raises
    ------
    WeightsMissing
        A shard is missing or cannot be read.
    WeightsCorrupt
        A shard is cut off, or a variable's checksum is wrong.
    """
    by_shard: dict[int, list[Variable]] = {}
    for name in names:
        variable = checkpoint.variables[name]
        by_shard.setdefault(variable.shard, []).append(variable)
    found: dict[str, Float32Array] = {}
    for shard, variables in by_shard.items():
        path = checkpoint.shard_path(shard)
        numbers = _mapped(path, checkpoint)
        for variable in variables:
            found[variable.name] = _values(
                numbers, variable, f"{checkpoint.subject}: '{path.name}'"
            )
    return found


def _mapped(path: Path, checkpoint: Checkpoint) -> AnyArray:
    """Return a shard's bytes, without reading those that nobody asks for."""
    try:
        if not path.stat().st_size:
            return np.zeros(0, np.uint8)
        return np.memmap(path, np.uint8, "r")
    except OSError as error:
        raise WeightsMissing(
            f"{checkpoint.subject} cannot be imported without '{path.name}', which holds its "
            f"numbers: {error.strerror}. Put that file beside the index."
        ) from error


def _values(numbers: AnyArray, variable: Variable, subject: str) -> Float32Array:
    """Return a variable's checked numbers."""
    end = variable.offset + variable.n_bytes
    if end > len(numbers):
        raise WeightsCorrupt(
            f"{subject} is cut off: it has {len(numbers)} bytes, and '{variable.name}' ends at "
            f"{end}. Get the file again."
        )
    piece = numbers[variable.offset : end].tobytes()
    if masked_crc32c(piece) != variable.checksum:
        raise WeightsCorrupt(
            f"{subject} is damaged: the checksum of '{variable.name}' is wrong. Get the file again."
        )
    return np.frombuffer(piece, "<f4").astype(np.float32).reshape(variable.shape)


def _variable(name: str, entry: bytes) -> Variable:
    """Read an entry of the index."""
    fields = read_fields(entry)
    shapes = read_messages(fields, 2)
    axes = read_messages(shapes[0], 2) if shapes else []
    shape = tuple(_number(axis, 1) for axis in axes)
    (checksum,) = fields.get(6, [bytes(4)])
    variable = Variable(
        name=name,
        kind=_number(fields, 1),
        shape=shape,
        shard=_number(fields, 3),
        offset=_number(fields, 4),
        n_bytes=_number(fields, 5),
        checksum=int.from_bytes(checksum, "little") if isinstance(checksum, bytes) else -1,
    )
    is_sliced = 7 in fields
    is_too_long = len(shape) > _MAX_AXES
    is_plain = variable.kind == FLOAT_32
    if is_sliced or is_too_long or (is_plain and variable.n_bytes != 4 * math.prod(shape)):
        raise ValueError(f"{variable} of {variable.n_bytes} bytes contradicts itself or is sliced")
    return variable


def _number(fields: Fields, number: int) -> int:
    """Return an integer field; one that is not there is 0."""
    value = fields.get(number, [0])[-1]
    if not isinstance(value, int):
        raise ValueError(f"field {number} is no number")
    return value
