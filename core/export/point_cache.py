"""Point caches: the positions of a mesh, sample after sample, as PC2 or MDD."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..arrays import AnyArray, Float32Array, FloatArray, check_shape
from ..errors import ExportError, RangeError
from .atomic_file import new_file

# Signature, version, points, first frame, frames a sample, samples.
_PC2_HEADER = struct.Struct("<12siiffi")
_PC2_SIGNATURE = b"POINTCACHE2\0"
_MDD_HEADER = struct.Struct(">ii")
_CHUNK_BYTES = 8 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Pc2Cache:
    """What a PC2 file holds.

    `positions` (n_samples, n, 3) float32; sample k belongs to frame start_frame + k · sample_rate.
    """

    positions: Float32Array
    start_frame: float
    sample_rate: float


@dataclass(frozen=True, slots=True, eq=False)
class MddCache:
    """What an MDD file holds: `positions` (n_samples, n, 3) float32, `times_s` (n_samples,)."""

    positions: Float32Array
    times_s: Float32Array


def write_pc2(
    path: str | Path, positions: FloatArray, *, start_frame: float, sample_rate: float = 1.0
) -> None:
    """Write a PC2 point cache.

    Parameters
    ----------
    path : the file
    positions : shape (n_samples, n, 3), metres, scene space, finite; may be memory-mapped
    start_frame : the scene frame of the first sample
    sample_rate : scene frames from one sample to the next

    Raises
    ------
    ShapeError, RangeError
        Wrong shape; a position is not finite: hold lost frames first.
    ExportError
        The file cannot be written.
    """
    check_shape("positions", positions, ("n_samples", "n", 3))
    n_samples, n_points, _ = positions.shape
    header = _PC2_HEADER.pack(_PC2_SIGNATURE, 1, n_points, start_frame, sample_rate, n_samples)
    _write(path, header, positions, dtype="<f4")


def write_mdd(path: str | Path, positions: FloatArray, *, times_s: FloatArray) -> None:
    """Write an MDD point cache.

    Parameters
    ----------
    path : the file
    positions : shape (n_samples, n, 3), metres, scene space, finite; may be memory-mapped
    times_s : shape (n_samples,), seconds

    Raises
    ------
    ShapeError, RangeError, ExportError
        As `write_pc2`.
    """
    check_shape("positions", positions, ("n_samples", "n", 3))
    check_shape("times_s", times_s, (len(positions),))
    header = _MDD_HEADER.pack(*positions.shape[:2]) + np.asarray(times_s, ">f4").tobytes()
    _write(path, header, positions, dtype=">f4")


def read_pc2(path: str | Path) -> Pc2Cache:
    """Read a PC2 point cache.

    Raises
    ------
    ExportError
        The file is missing, no PC2 file, or not as long as its header says.
    """
    content = _read(path)
    if len(content) < _PC2_HEADER.size or content[: len(_PC2_SIGNATURE)] != _PC2_SIGNATURE:
        raise ExportError(f"'{Path(path).name}' is not a PC2 point cache. Export it again.")
    _, _, n_points, start_frame, sample_rate, n_samples = _PC2_HEADER.unpack_from(content)
    shape = n_samples, n_points, 3
    positions = _positions(path, content[_PC2_HEADER.size :], shape=shape, dtype="<f4")
    return Pc2Cache(positions, start_frame, sample_rate)


def read_mdd(path: str | Path) -> MddCache:
    """Read an MDD point cache.

    Raises
    ------
    ExportError
        The file is missing, or not as long as its header says.
    """
    content = _read(path)
    n_samples, n_points = _MDD_HEADER.unpack(content[:8]) if len(content) >= 8 else (0, -1)
    first = _MDD_HEADER.size + 4 * n_samples
    shape = n_samples, n_points, 3
    positions = _positions(path, content[first:], shape=shape, dtype=">f4")
    times_s = np.frombuffer(content[_MDD_HEADER.size : first], ">f4").astype(np.float32)
    return MddCache(positions, times_s)


def _write(path: str | Path, header: bytes, positions: FloatArray, *, dtype: str) -> None:
    """Write a header and the positions, a few MB at a time."""
    n_chunk = max(1, _CHUNK_BYTES // (12 * positions.shape[1] + 1))
    with new_file(path) as file:
        file.write(header)
        for first in range(0, len(positions), n_chunk):
            chunk = np.asarray(positions[first : first + n_chunk], dtype)
            if not np.isfinite(chunk).all():
                raise RangeError(
                    f"positions must be finite, got a lost frame in {first} … "
                    f"{first + len(chunk) - 1}: hold the last seen one there"
                )
            file.write(chunk.tobytes())


def _read(path: str | Path) -> memoryview:
    """Return the file's bytes."""
    try:
        return memoryview(Path(path).read_bytes())
    except OSError as error:
        raise ExportError(f"'{path}' cannot be read: {error.strerror}") from error


def _positions(
    path: str | Path, content: memoryview, *, shape: tuple[int, int, int], dtype: str
) -> Float32Array:
    """Return the positions, which must be exactly what is left of the file."""
    expected = 12 * shape[0] * shape[1]
    if min(shape) < 0 or len(content) != expected:
        raise ExportError(
            f"'{Path(path).name}' is damaged: {len(content)} bytes of positions where its header "
            f"says {expected}. Export it again."
        )
    found: AnyArray = np.frombuffer(content, dtype).reshape(shape)
    return found.astype(np.float32)
