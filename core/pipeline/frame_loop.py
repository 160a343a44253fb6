"""Frame after frame of a capture: looked at once or twice, and written."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Protocol

import numpy as np

from ..errors import Cancelled, MienError
from ..records import Frame, Landmarks, OnProgress, Progress, Take
from ..source import FrameSource
from ..takes import TakeWriter, read_stills
from ..track import CutFinder, StillPicker, region_from_array
from .engine import points_for_stills
from .face_finder import FaceFinder
from .in_order import InOrder
from .look_ahead import LookAhead, SteadiedFrame
from .plan import CapturePlan
from .second_look import SecondLook
from .seen_frame import SeenFrame

_N_WAITING = 8
"""Frames that may wait for the second look's network, in which the first one runs ahead."""

_log = logging.getLogger(__name__)
_Faces = list[Landmarks | None]


def capture_frames(
    plan: CapturePlan,
    finder: FaceFinder,
    *,
    source: FrameSource,
    writer: TakeWriter,
    on_progress: OnProgress,
) -> None:
    """Look at each frame that the take does not hold yet, and write it.

    When the footage breaks off, or someone stops the capture, what waits is written, too.

    Raises
    ------
    SourceError, ModelError, TakeError, Cancelled
        Frames cannot be decoded, looked at or written; `on_progress` raised it.
    """
    total = source.footage.n_frames
    started, n_done = time.monotonic(), 0
    with ExitStack() as stack:
        recorder: _Recorder
        if plan.quality == "best":
            recorder = stack.enter_context(_RecordingTwiceSeen(plan, finder, writer))
        else:
            recorder = _Recording(writer)
        loop = _Loop(finder, writer=writer, recorder=recorder)
        try:
            for frame in source.frames():
                loop.take_in(frame)
                n_done += 1
                rate = n_done / max(time.monotonic() - started, 1e-6)
                on_progress(Progress("capture", frame.index + 1, total, rate))
        except (Cancelled, MienError):
            _try_to_finish(recorder)
            raise
        recorder.finish()


class _Recorder(Protocol):
    """Brings frames into the take, in order."""

    def keep(self, frame: Frame, seen: SeenFrame) -> None:
        """Take a frame that was looked at once."""
        ...

    def finish(self) -> None:
        """Write what waits."""
        ...


def _try_to_finish(recorder: _Recorder) -> None:
    """Write what waits; of two errors the first is the one to tell."""
    try:
        recorder.finish()
    except MienError as error:
        _log.info("The frames that waited are lost: %s", error)


class _Loop:
    """The first look, and what it remembers from frame to frame."""

    def __init__(self, finder: FaceFinder, *, writer: TakeWriter, recorder: _Recorder) -> None:
        self._finder = finder
        self._recorder = recorder
        self._cuts, self._picker = CutFinder(), StillPicker()
        self._shot = 0
        self._n_frames_with_stills = writer.n_frames_with_stills
        self._so_far = so_far = writer.take_so_far
        self._rows: dict[int, int] = {}
        if so_far is not None and so_far.n_frames:
            self._rows = {int(index): row for row, index in enumerate(so_far.frame_index)}
            self._picker.restore(read_stills(writer.folder), first_index=_first_seen(so_far))
        self._last_index = max(self._rows, default=-1)

    def take_in(self, frame: Frame) -> None:
        """Look at the next frame."""
        is_cut = self._cuts.is_cut(frame.image, frame.time_s)
        row = self._rows.get(frame.index)
        if self._so_far is not None and row is not None:
            self._look_back(frame, self._so_far, row=row)
        elif frame.index > self._last_index:
            if is_cut:
                self._begin_shot(self._shot + 1)
            faces = self._finder.find(frame)
            self._keep(frame, faces, offered=faces, is_written=False)

    def _look_back(self, frame: Frame, take: Take, *, row: int) -> None:
        """Go through a frame that an earlier run has written."""
        if take.shot[row] != self._shot:
            self._begin_shot(int(take.shot[row]))
        known = _faces_of_frame(take, row)
        offered: _Faces = []
        if row >= self._n_frames_with_stills:
            # Stills are rated and cut by the first look, and the take may hold the second one's.
            offered = self._finder.find(frame)
        else:
            self._finder.follow(frame, known)
        self._keep(frame, known, offered=offered, is_written=True)

    def _begin_shot(self, shot: int) -> None:
        """Go on behind a cut."""
        self._shot = shot
        self._finder.begin_shot()

    def _keep(self, frame: Frame, faces: _Faces, *, offered: _Faces, is_written: bool) -> None:
        """Offer what the first look found for stills, and hand the frame to the recorder."""
        for face_index, landmarks in enumerate(offered):
            if landmarks is not None:
                self._picker.offer(frame, points_for_stills(landmarks), face_index=face_index)
        seen = SeenFrame(
            index=frame.index,
            time_s=frame.time_s,
            shot=self._shot,
            faces=tuple(faces),
            stills=self._picker.stills() if self._picker.has_changed else None,
            is_written=is_written,
        )
        self._recorder.keep(frame, seen)


class _Recording:
    """Writes frames as they come."""

    def __init__(self, writer: TakeWriter) -> None:
        self._writer = writer

    def keep(self, frame: Frame, seen: SeenFrame) -> None:
        """Write a frame."""
        _write(self._writer, seen, seen.faces)

    def finish(self) -> None:
        """Do nothing: no frame waits."""


class _RecordingTwiceSeen:
    """Lets frames wait for their steady regions, has them looked at again beside, and writes them.

    A context manager: leaving it ends the thread.
    """

    def __init__(self, plan: CapturePlan, finder: FaceFinder, writer: TakeWriter) -> None:
        self._writer = writer
        self._ahead = LookAhead(
            plan.second_look,
            region_scale=plan.track.region_scale,
            is_tracked=plan.track.is_tracked,
        )
        self._second = SecondLook(plan, finder.device)
        self._is_broken = False
        self._jobs = InOrder[tuple[SeenFrame, _Faces]](
            n_waiting=_N_WAITING, name="mien-second-look"
        )

    def keep(self, frame: Frame, seen: SeenFrame) -> None:
        """Keep of a frame what is needed; write those whose second look is done."""
        if not seen.is_written:
            seen = replace(seen, patches=self._second.keep(frame.image, seen.faces))
        self._submit(self._ahead.add(seen))
        self._write(self._jobs.done())

    def finish(self) -> None:
        """Look again at what waits, and write it; nothing behind a frame that could not be."""
        if self._is_broken:
            return
        self._submit(self._ahead.flush())
        self._write(self._jobs.rest())

    def _write(self, results: Iterable[tuple[SeenFrame, _Faces]]) -> None:
        """Write frames whose second look is done."""
        try:
            for seen, faces in results:
                _write(self._writer, seen, faces)
        except BaseException:
            self._is_broken = True
            raise

    def _submit(self, steadied: Sequence[SteadiedFrame]) -> None:
        """Have frames looked at again, in order with those that need it not."""
        for one in steadied:
            self._jobs.submit(partial(self._look, one))

    def _look(self, steadied: SteadiedFrame) -> tuple[SeenFrame, _Faces]:
        """Look at a frame again; runs on the thread beside."""
        seen = steadied.seen
        if seen.is_written:
            return seen, list(seen.faces)
        patches, regions = seen.patches, steadied.regions
        return seen, self._second.look(seen.faces, patches=patches, regions=regions)

    def __enter__(self) -> _RecordingTwiceSeen:
        self._jobs.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._jobs.__exit__(None, None, None)


def _write(writer: TakeWriter, seen: SeenFrame, faces: Sequence[Landmarks | None]) -> None:
    """Bring a frame into the take."""
    if not seen.is_written:
        writer.append(seen.index, seen.time_s, faces=faces, shot=seen.shot)
    if seen.stills is not None:
        writer.set_stills(seen.stills)


def _first_seen(take: Take) -> int:
    """Return the number of the first frame that shows a face; a very high one where none does."""
    is_seen = np.any([track.presence > 0 for track in take.faces], axis=0)
    return int(take.frame_index[np.argmax(is_seen)]) if is_seen.any() else sys.maxsize


def _faces_of_frame(take: Take, row: int) -> _Faces:
    """Return the faces of a take's frame, by its place in the take."""
    return [
        Landmarks(
            points_px=track.landmarks_px[row],
            presence=float(track.presence[row]),
            region=region_from_array(track.regions[row]),
            followed=region_from_array(track.followed_regions[row])
            if len(track.followed_regions)
            else None,
        )
        if track.presence[row] > 0
        else None
        for track in take.faces
    ]
