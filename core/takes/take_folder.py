"""Reads a take folder, whole or cut off, and touches nothing in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..arrays import AnyArray, BoolArray, Float64Array
from ..errors import TakeError
from ..records import FaceTrack, Take
from .take_header import HEADER_NAME, ArrayFile, TakeHeader, damaged, read_header


def has_take(folder: Path) -> bool:
    """Say whether a take lies in the folder, whatever its state."""
    return (folder / HEADER_NAME).exists()


def take_mark(folder: Path) -> tuple[int, int] | None:
    """Return what differs once another take was begun in the folder; None where there is none.

    A capture that goes on may change it, too. It says nothing about damage.
    """
    try:
        found = (folder / HEADER_NAME).stat()
    except OSError:  # one that cannot be reached is as good as none
        return None
    return found.st_mtime_ns, found.st_ino


def is_temporary_take(folder: Path) -> bool:
    """Say whether a take was begun to be removed when it has served its purpose.

    Raises
    ------
    TakeMissing, TakeTooNew, TakeDamaged, TakeError
        As `read_take`.
    """
    return read_header(folder).is_temporary


def read_take(folder: str | Path) -> Take:
    """Read a take; one that was cut off by a crash gives its whole frames.

    Raises
    ------
    TakeMissing, TakeTooNew
        The folder holds none; a newer Mien wrote it.
    TakeDamaged
        Files are missing, of the wrong length, or contradict each other.
    TakeError
        The system refuses to read a file.
    """
    place = Path(folder).absolute()
    header = read_header(place)
    n_frames = _count_whole_frames(place, header)
    arrays = {
        file.name: _read_array(place, file, n_frames=n_frames)
        for file in header.arrays
        if not file.is_large
    }
    n_frames = _count_sound_frames(place, header, arrays)
    arrays = {name: array[:n_frames] for name, array in arrays.items()}
    times_s = _spread(arrays["time_s.f64"], step_s=1.0 / header.footage.rate_hz)
    return Take(
        footage=header.footage,
        provenance=header.provenance,
        time_s=times_s,
        frame_index=arrays["frame_index.i32"],
        faces=tuple(_face_track(arrays, face) for face in range(header.n_faces)),
        is_complete=header.is_complete,
        warnings=header.warnings,
        folder=str(place),
        shot=arrays.get("shot.i32", np.zeros(n_frames, np.int32)),
    )


def _count_whole_frames(folder: Path, header: TakeHeader) -> int:
    """Return how many frames all arrays hold."""
    counts = []
    for file in header.arrays:
        size = _size_of(folder, file)
        count = size // file.record_bytes if file.record_bytes else header.n_frames
        is_cut_off = header.is_complete and size != header.n_frames * file.record_bytes
        if is_cut_off or count < header.n_frames:
            raise damaged(
                folder,
                f"'{file.name}' has {size} bytes where {header.n_frames} frames need "
                f"{header.n_frames * file.record_bytes}",
            )
        counts.append(count)
    return min(counts)


def _size_of(folder: Path, file: ArrayFile) -> int:
    """Return the size of an array's file in bytes."""
    try:
        return (folder / file.name).stat().st_size
    except OSError as error:
        raise _unreadable(folder, file, error) from error


def _read_array(folder: Path, file: ArrayFile, *, n_frames: int) -> AnyArray:
    """Read the first records of one array: (n_frames, *tail), in this machine's byte order."""
    dtype = np.dtype(file.dtype)
    n_values = n_frames * file.record_bytes // dtype.itemsize
    try:
        values = np.fromfile(folder / file.name, dtype, count=n_values)
    except OSError as error:
        raise _unreadable(folder, file, error) from error
    if values.size < n_values:
        raise damaged(folder, f"'{file.name}' became shorter while it was read")
    shaped: AnyArray = values.reshape(n_frames, *file.tail)
    return shaped.astype(dtype.newbyteorder("="), copy=False)


def _unreadable(folder: Path, file: ArrayFile, error: OSError) -> TakeError:
    """Return the error for an array file that cannot be opened."""
    if isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError):
        return damaged(folder, f"'{file.name}' is missing")
    return TakeError(
        f"Take '{folder}' cannot be read: '{file.name}': {error.strerror}. Check its permissions."
    )


def _count_sound_frames(folder: Path, header: TakeHeader, arrays: dict[str, AnyArray]) -> int:
    """Return the number of frames that agree with themselves.

    A power cut can leave zeros at the end of a file whose length was already on the disk: such
    frames are cut off, as they are later than what the header promises. Anything else is damage.
    """
    is_sound = _find_sound_frames(header, arrays)
    sound = np.flatnonzero(is_sound)
    n_frames = max(header.n_frames, int(sound[-1]) + 1 if sound.size else 0)
    if not is_sound[:n_frames].all():
        frame = int(np.argmin(is_sound))
        raise damaged(folder, f"the samples of frame {frame} contradict each other")
    return n_frames


def _find_sound_frames(header: TakeHeader, arrays: dict[str, AnyArray]) -> BoolArray:
    """Return (n_frames,) bool: the time runs on, and a face has landmarks where it is present."""
    time_s, index = arrays["time_s.f64"], arrays["frame_index.i32"]
    with np.errstate(invalid="ignore"):  # damaged files hold NaNs of every kind
        is_sound: BoolArray = np.isfinite(time_s) & (index >= 0)
        is_sound[1:] &= (np.diff(time_s) >= 0) & (index[1:] > index[:-1])
        if header.has_shots:
            shot = arrays["shot.i32"]
            is_sound &= shot >= 0
            is_sound[1:] &= shot[1:] >= shot[:-1]
        for face in range(header.n_faces):
            is_sound &= _find_sound_samples(_face_track(arrays, face))
    return is_sound


def _spread(time_s: Float64Array, *, step_s: float) -> Float64Array:
    """Return times that increase: frames of equal times share the span up to the next time.

    Cameras gave such times where their clock ticked more slowly than they saw.
    """
    is_first = np.diff(time_s, prepend=-np.inf) > 0
    if is_first.all():
        return time_s
    known = np.append(np.flatnonzero(is_first), len(time_s))
    n_last = known[-1] - known[-2]
    known_s = np.append(time_s[is_first], time_s[-1] + n_last * step_s)
    return np.interp(np.arange(len(time_s)), known, known_s)


def _find_sound_samples(track: FaceTrack) -> BoolArray:
    """Return (n_frames,) bool: landmarks and region are there where a face is, and only there."""
    presence, landmarks, regions = track.presence, track.landmarks_px, track.regions
    if len(track.followed_regions):
        regions = np.concatenate([regions, track.followed_regions], axis=1)
    is_whole = np.isfinite(landmarks).all(axis=(1, 2)) & (landmarks != 0).any(axis=(1, 2))
    is_whole &= np.isfinite(regions).all(axis=1) & (regions[:, 2::4] > 0).all(axis=1)
    is_lost = np.isnan(landmarks).all(axis=(1, 2)) & np.isnan(regions).all(axis=1)
    return np.where(presence > 0, is_whole & (presence <= 1), is_lost & (presence == 0))


def _face_track(arrays: dict[str, AnyArray], face: int) -> FaceTrack:
    """Return the arrays of one face."""
    return FaceTrack(
        presence=arrays[f"face{face}/presence.f32"],
        landmarks_px=arrays[f"face{face}/landmarks_px.f32"],
        regions=arrays[f"face{face}/regions.f32"],
        followed_regions=arrays.get(
            f"face{face}/followed_regions.f32", np.zeros((0, 4), np.float32)
        ),
    )
