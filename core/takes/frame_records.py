"""One frame as bytes: what is appended to each array of a take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

import numpy as np

from ..arrays import check_shape
from ..errors import RangeError, ShapeError
from ..records import Landmarks
from .position_maps import map_record
from .take_header import TakeHeader


def frame_records(
    frame_index: int,
    time_s: float,
    *,
    shot: int,
    faces: Sequence[Landmarks | None],
    header: TakeHeader,
) -> list[bytes]:
    """Return the records of one frame, in the order of `TakeHeader.arrays`.

    Raises
    ------
    ShapeError, RangeError
        The faces do not fit the take; a face has points or a region that are not finite.
    """
    if len(faces) != header.n_faces:
        raise ShapeError(f"faces must have {header.n_faces} entries, got {len(faces)}")
    records = [np.array(time_s, "<f8").tobytes(), np.array(frame_index, "<i4").tobytes()]
    if header.has_shots:
        records.append(np.array(shot, "<i4").tobytes())
    for face in faces:
        face_records = _face_records(face, n_landmarks=header.n_landmarks)
        records += face_records if header.has_shots else face_records[:-1]
        if header.map_size:
            records.append(map_record(face, size=header.map_size))
    return records


def write_whole(file: BinaryIO, record: bytes) -> None:
    """Write a record; the system may take it in pieces before it says that the disk is full.

    Raises
    ------
    OSError
        The disk is full or gone; a part of the record may have been written.
    """
    rest = memoryview(record)
    while rest:
        rest = rest[file.write(rest) :]


def _face_records(face: Landmarks | None, *, n_landmarks: int) -> list[bytes]:
    """Return the records of one face in one frame."""
    if face is None or np.float32(face.presence) == 0:
        none = np.full(4, np.nan)
        lost = [np.zeros(()), np.full((n_landmarks, 3), np.nan), none, none]
        return [array.astype("<f4").tobytes() for array in lost]
    check_shape("points_px", face.points_px, (n_landmarks, 3))
    region = face.region.as_array()
    followed = region if face.followed is None else face.followed.as_array()
    is_finite = np.isfinite(face.points_px).all() and np.isfinite([region, followed]).all()
    if not (0 < face.presence <= 1 and is_finite and region[2] > 0 and followed[2] > 0):
        raise RangeError(
            f"a face must have finite points, a region and a presence in 0 … 1, "
            f"got presence {face.presence:g} and {face.region}"
        )
    arrays = [np.array(face.presence), face.points_px, region, followed]
    return [array.astype("<f4").tobytes() for array in arrays]
