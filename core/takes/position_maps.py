"""The position maps in a take: whole numbers a texel, and read some frames at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..arrays import Float32Array, check_shape
from ..errors import ShapeError, TakeError
from ..records import Landmarks, Region, Take
from .take_header import damaged, read_header

_FULL = 32767
"""What stands for one side of the region: further away nothing of a face lies."""


def map_record(face: Landmarks | None, *, size: int) -> bytes:
    """Return the record of one face's map in one frame.

    Raises
    ------
    ShapeError
        The face has no map, or one of another size.
    """
    if face is None or np.float32(face.presence) == 0:
        return np.zeros((size, size, 3), "<i2").tobytes()
    if face.position_map is None:
        raise ShapeError(f"a face must have a position map of {size} texels a side, got none")
    check_shape("position_map", face.position_map, (size, size, 3))
    centre, side_px = _frame_of(face.region)
    steps = np.rint((face.position_map - centre) * (_FULL / side_px))
    return bytes(np.clip(steps, -_FULL, _FULL).astype("<i2").tobytes())


def read_position_maps(take: Take, face_index: int, *, first: int, stop: int) -> Float32Array:
    """Read the maps of a face in some frames of a take.

    Parameters
    ----------
    take : read from disk
    face_index : the number of the face
    first, stop : frames by their place in the take

    Returns
    -------
    shape (stop − first, size, size, 3), pixels, image space, NaN where lost

    Raises
    ------
    TakeError
        The take is not on the disk, has no maps, or they cannot be read.
    """
    if take.folder is None:
        raise TakeError("A take in memory holds no position maps. Read it from its folder.")
    folder = Path(take.folder)
    header = read_header(folder)
    if not header.map_size:
        raise TakeError(
            f"Take '{folder}' holds no position maps: its engine was '{take.provenance.engine}'. "
            "Capture it with engine 'prnet'."
        )
    file = header.map_file(face_index)
    path, n_values = folder / file.name, (stop - first) * header.map_size**2 * 3
    try:
        steps = np.fromfile(path, "<i2", count=n_values, offset=first * file.record_bytes)
    except OSError as error:
        raise TakeError(
            f"Take '{folder}' cannot be read: '{file.name}': {error.strerror}. "
            "Check its permissions."
        ) from error
    if steps.size < n_values:
        raise damaged(folder, f"'{file.name}' is shorter than the take")
    maps = steps.reshape(-1, *file.tail).astype(np.float32)
    regions = take.faces[face_index].regions[first:stop, None, None]
    maps *= regions[..., 2:3] / np.float32(_FULL)
    maps[..., :2] += regions[..., :2]
    return maps


def _frame_of(region: Region) -> tuple[Float32Array, np.float32]:
    """Return where a map's numbers begin, and the region's side, to the precision of a take."""
    x, y, side_px, _ = region.as_array()
    return np.array([x, y, 0.0], np.float32), side_px
