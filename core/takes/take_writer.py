"""Writes a take as the capture runs, so that little is lost however it ends."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np

from ..arrays import check_shape
from ..errors import RangeError, ShapeError, TakeError
from ..records import FaceTrack, Footage, Landmarks, Provenance, Still, Take
from .durable_file import write_durably
from .frame_records import frame_records, write_whole
from .stills import STILLS_NAME, write_stills
from .take_folder import read_take
from .take_header import HEADER_NAME, TakeHeader, read_header
from .take_lock import TakeLock
from .take_place import cannot_write, check_take_place, remove_take

SYNC_INTERVAL_S = 1.0
"""A kill loses at most the frame being written; a power cut at most about this much."""

_log = logging.getLogger(__name__)


class TakeWriter:
    """Appends frames to a take folder; made by `create` or `resume`, closed by `with`.

    The take is complete only after `finish`. When the `with` block is left by an exception or
    without `finish`, what was appended is kept and can be resumed.
    """

    def __init__(
        self, folder: Path, header: TakeHeader, *, lock: TakeLock, take_so_far: Take | None
    ) -> None:
        """Open the arrays of a folder that `create` or `resume` has prepared and locked."""
        self._folder = folder
        self._header = header
        self._lock = lock
        self._take_so_far = take_so_far
        self._n_frames = take_so_far.n_frames if take_so_far is not None else 0
        self._last, self._last_shot = (-1, -np.inf), 0
        if take_so_far is not None and take_so_far.n_frames:
            self._last = (int(take_so_far.frame_index[-1]), float(take_so_far.time_s[-1]))
            self._last_shot = int(take_so_far.shot[-1])
        # The last frame that the header counts was appended before its own stills were set.
        self._n_frames_with_stills = max(header.n_frames - 1, 0)
        self._files: list[BinaryIO] = []
        self._new_stills: tuple[Still, ...] | None = None
        self._is_header_old = False
        self._synced_at = time.monotonic()

    @classmethod
    def create(
        cls,
        folder: str | Path,
        *,
        footage: Footage,
        provenance: Provenance,
        n_faces: int,
        n_landmarks: int,
        map_size: int = 0,
        is_overwriting: bool = False,
        is_temporary: bool = False,
    ) -> TakeWriter:
        """Begin a take in a new or empty folder; `is_overwriting` removes the take that is there.

        `map_size` is that of the engine's position maps, 0 where it has none. `is_temporary` marks
        the take as one that whoever begins it means to remove: `is_temporary_take`.

        Raises
        ------
        TakeExists
            A take is there, and is not to be overwritten.
        TakeError
            The folder's parent is missing, the folder holds other files, cannot be written, or
            another capture is writing it.
        """
        place = Path(folder).absolute()
        header = TakeHeader(
            footage,
            provenance,
            n_faces=n_faces,
            n_landmarks=n_landmarks,
            map_size=map_size,
            is_temporary=is_temporary,
        )
        check_take_place(place, is_overwriting=is_overwriting)
        try:
            place.mkdir(exist_ok=True)
            lock = TakeLock(place)
        except OSError as error:
            raise cannot_write(place, error) from error
        writer = cls(place, header, lock=lock, take_so_far=None)
        writer._prepare(lambda: _begin_folder(place, header, is_overwriting=is_overwriting))
        return writer

    @classmethod
    def resume(cls, folder: str | Path, *, is_temporary: bool = True) -> TakeWriter:
        """Go on with a take where it ends; whether it is the same footage is the caller's to check.

        With `is_temporary` False a temporary take ceases to be one.

        Raises
        ------
        TakeMissing, TakeTooNew, TakeDamaged, TakeError
            As `read_take`; also when another capture is writing it, or it cannot be written.
        """
        place = Path(folder).absolute()
        read_header(place)  # before the lock: a folder without a take stays as it is
        try:
            lock = TakeLock(place)
        except OSError as error:
            raise cannot_write(place, error) from error
        try:
            writer = cls(place, read_header(place), lock=lock, take_so_far=read_take(place))
        except BaseException:
            lock.release()
            raise
        writer._prepare(lambda: None)
        if writer._header.is_temporary and not is_temporary:
            writer._header = replace(writer._header, is_temporary=False)
            writer._is_header_old = True
        return writer

    @property
    def folder(self) -> Path:
        """Where the take lies."""
        return self._folder

    @property
    def take_so_far(self) -> Take | None:
        """What was there when the take was resumed; None for a new take."""
        return self._take_so_far

    @property
    def n_frames_with_stills(self) -> int:
        """Frames of an earlier run whose stills were on the disk when it ended, however it ended.

        The stills of later ones may be lost, as stills are not written at every frame.
        """
        return self._n_frames_with_stills

    @property
    def n_frames(self) -> int:
        """Frames in the take, those of an earlier run included."""
        return self._n_frames

    def append(
        self,
        frame_index: int,
        time_s: float,
        *,
        faces: Sequence[Landmarks | None],
        shot: int | None = None,
    ) -> None:
        """Add one frame: one entry a face, None (or presence 0) where it is lost.

        `shot` is the number of the shot, that of the last frame if not given.

        Raises
        ------
        ShapeError, RangeError
            The frame does not fit the take, or does not come after the last one.
        TakeError
            The disk is full or gone; the frames before this one are kept.
        """
        shot = self._last_shot if shot is None else shot
        self._check_order(frame_index, time_s, shot)
        records = frame_records(frame_index, time_s, shot=shot, faces=faces, header=self._header)
        try:
            self._begin_writing()
            for file, record in zip(self._files, records, strict=True):
                write_whole(file, record)
        except OSError as error:
            raise self._cut_short(error) from error
        self._n_frames += 1
        self._last, self._last_shot = (frame_index, time_s), shot
        if time.monotonic() - self._synced_at >= SYNC_INTERVAL_S:
            self.sync()

    def take_back(self, n_kept: int) -> None:
        """Remove frames of an earlier run, all but the first ones, to write them anew.

        Raises
        ------
        TakeError
            The folder cannot be written.
        """
        so_far = self._take_so_far
        if so_far is None or n_kept >= so_far.n_frames:
            return
        try:
            # The header first: what it counts must be there whenever somebody reads.
            counted = min(self._header.n_frames, n_kept)
            self._header = replace(self._header, n_frames=counted, is_complete=False)
            write_durably(self._folder / HEADER_NAME, self._header.to_json().encode())
            self._n_frames = n_kept
            self._cut_to_whole_records()
        except OSError as error:
            raise self._cut_short(error) from error
        self._take_so_far = so_far = _first_frames(so_far, n_kept)
        self._n_frames_with_stills = min(self._n_frames_with_stills, max(counted - 1, 0))
        self._last, self._last_shot = (-1, -np.inf), 0
        if n_kept:
            self._last = (int(so_far.frame_index[-1]), float(so_far.time_s[-1]))
            self._last_shot = int(so_far.shot[-1])

    def add_warning(self, text: str) -> None:
        """Add a sentence for the artist, once."""
        if text not in self._header.warnings:
            self._header = replace(self._header, warnings=(*self._header.warnings, text))
            self._is_header_old = True

    def set_stills(self, stills: Sequence[Still]) -> None:
        """Replace the stills of the take; they are written with the next `sync`.

        Raises
        ------
        ShapeError
            An image is not (height, width, 3), or is empty.
        """
        for still in stills:
            check_shape("image", still.image, ("height", "width", 3))
            if not still.image.size:
                raise ShapeError(f"image must not be empty, got {still.image.shape}")
        self._new_stills = tuple(stills)

    def sync(self) -> None:
        """Force everything so far to the disk.

        Raises
        ------
        TakeError
            The disk is full or gone; what was there is kept.
        """
        try:
            for file in self._files:
                os.fsync(file.fileno())
            unused = self._write_new_stills()
            if self._is_header_old:
                header = replace(self._header, n_frames=self._n_frames)
                write_durably(self._folder / HEADER_NAME, header.to_json().encode())
                self._header, self._is_header_old = header, False
            for name in unused:  # after the header has stopped naming them
                (self._folder / STILLS_NAME / name).unlink(missing_ok=True)
        except OSError as error:
            raise self._cut_short(error) from error
        self._synced_at = time.monotonic()

    def finish(self) -> None:
        """Mark the take as complete.

        Raises
        ------
        TakeError
            The disk is full or gone; the take is kept, and is not complete.
        """
        self._header = replace(self._header, is_complete=True)
        self._is_header_old = True
        try:
            self.sync()
        except TakeError:
            self._header = replace(self._header, is_complete=False)
            raise

    def close(self) -> None:
        """Force what is there to the disk, and let others write the take.

        Raises
        ------
        TakeError
            The disk is full or gone; what was there is kept.
        """
        if not self._files:
            return
        try:
            self._cut_to_whole_records()
            self.sync()
        except OSError as error:
            raise self._cut_short(error) from error
        finally:
            self._let_go()

    def __enter__(self) -> TakeWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except TakeError as closing_error:
            if error is None:
                raise
            # Of the two errors the first is the one to tell: it is why the block was left.
            _log.info("Take '%s' was not closed cleanly: %s", self._folder, closing_error)

    def _prepare(self, make_folder: Callable[[], None]) -> None:
        """Make the folder's files, and open the arrays for appending, cut to whole frames."""
        try:
            make_folder()
            for file in self._header.arrays:
                self._files.append((self._folder / file.name).open("ab", buffering=0))
            self._cut_to_whole_records()
        except BaseException as error:
            self._let_go()
            if isinstance(error, OSError):
                raise cannot_write(self._folder, error) from error
            raise

    def _let_go(self) -> None:
        """Close the arrays and let others write the take."""
        for file in self._files:
            file.close()
        self._files = []
        self._lock.release()

    def _begin_writing(self) -> None:
        """Take back that the take is complete, before its first new frame."""
        if self._header.is_complete:
            self._header = replace(self._header, is_complete=False)
            write_durably(self._folder / HEADER_NAME, self._header.to_json().encode())

    def _check_order(self, frame_index: int, time_s: float, shot: int) -> None:
        """Raise unless a frame comes after the last one."""
        last_index, last_time_s = self._last
        if frame_index <= last_index or not last_time_s < time_s < np.inf:
            raise RangeError(
                f"frame {frame_index} at {time_s:g} s must come after frame {last_index} "
                f"at {last_time_s:g} s"
            )
        if shot < self._last_shot:
            raise RangeError(f"shot must be {self._last_shot} or more, got {shot}")

    def _cut_to_whole_records(self) -> None:
        """Remove what lies behind the last whole frame of each array."""
        for file, layout in zip(self._files, self._header.arrays, strict=True):
            n_bytes = self._n_frames * layout.record_bytes
            if os.fstat(file.fileno()).st_size > n_bytes:
                file.truncate(n_bytes)

    def _cut_short(self, error: OSError) -> TakeError:
        """Return the error that says what was kept."""
        return TakeError(
            f"Take '{self._folder}' cannot be written any further: {error.strerror}. What is "
            "there is kept; make room, then resume the capture."
        )

    def _write_new_stills(self) -> list[str]:
        """Write pictures that are not there yet; return the names of those no longer wanted."""
        if self._new_stills is None:
            return []
        before = self._header.stills
        entries = write_stills(self._folder, self._new_stills, before=before)
        self._new_stills = None
        if entries == before:
            return []
        self._header = replace(self._header, stills=entries)
        self._is_header_old = True
        return sorted({entry.file for entry in before} - {entry.file for entry in entries})


def _first_frames(take: Take, n_frames: int) -> Take:
    """Return a take's beginning."""
    return replace(
        take,
        time_s=take.time_s[:n_frames],
        frame_index=take.frame_index[:n_frames],
        shot=take.shot[:n_frames],
        faces=tuple(
            FaceTrack(
                presence=track.presence[:n_frames],
                landmarks_px=track.landmarks_px[:n_frames],
                regions=track.regions[:n_frames],
                followed_regions=track.followed_regions[:n_frames],
            )
            for track in take.faces
        ),
    )


def _begin_folder(folder: Path, header: TakeHeader, *, is_overwriting: bool) -> None:
    """Lay an empty take."""
    if is_overwriting:
        remove_take(folder)
    for file in header.arrays:
        (folder / file.name).parent.mkdir(exist_ok=True)
        (folder / file.name).write_bytes(b"")
    write_durably(folder / HEADER_NAME, header.to_json().encode())
