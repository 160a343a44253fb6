"""The footage with the mesh of every face drawn over it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import numpy as np

from ..errors import ExportError
from ..records import Footage, Frame, OnProgress, Performance, Progress, silent
from .face_drawing import Contours, DrawnFace, FaceDrawing
from .video_writer import new_video

_PLAYABLE_RATES_HZ = (1.0, 240.0)
_NO_CONTOURS: Mapping[str, Sequence[Sequence[int]]] = MappingProxyType({})


class OpenedFootage(Protocol):
    """What is needed of a source."""

    @property
    def footage(self) -> Footage:
        """Its size."""
        ...

    def frames(self) -> Iterator[Frame]:
        """Its frames, in order."""
        ...


OpenFootage = Callable[[], AbstractContextManager[OpenedFootage]]


def write_overlay(
    performances: Sequence[Performance],
    *,
    output: Path,
    open_footage: OpenFootage,
    contours: Contours = _NO_CONTOURS,
    on_progress: OnProgress = silent,
) -> None:
    """Draw the smoothed mesh of every face over the frames it was captured from.

    The video has the footage's nominal rate; footage of a variable rate is shown at each instant as
    the frame that is nearest in time. A lost face is marked, not drawn. Small footage is enlarged.

    Parameters
    ----------
    performances : the faces of one take
    output : an .mp4 file, which appears when it is complete
    open_footage : opens the footage with the settings of the capture
    contours : lines to accent, such as `landmarks.topology.CONTOURS`
    on_progress : called every frame; may raise `Cancelled`, which leaves no file

    Raises
    ------
    SourceError
        The footage is gone or unusable.
    ExportError
        There is no face, the footage is not the captured one, or the file cannot be written.
    """
    if not performances:
        raise ExportError(f"'{output.name}' cannot be drawn: the take holds no face.")
    first = performances[0]
    with open_footage() as source:
        if source.footage.size != first.footage.size:
            raise ExportError(_size_changed(source.footage, first.footage))
        drawing = FaceDrawing(
            first.footage.size,
            polygons=[performance.topology.polygons for performance in performances],
            contours=contours,
        )
        rate_hz = float(np.clip(first.footage.rate_hz, *_PLAYABLE_RATES_HZ))
        started, n_done = time.monotonic(), 0
        with new_video(output, size=drawing.size, rate_hz=rate_hz) as video:
            for sample, frame, n_shown in _shown(source, first.time_s, rate_hz):
                if n_shown:
                    image = drawing.draw(frame.image, _faces(performances, sample))
                    for _ in range(n_shown):
                        video.write(image)
                n_done += 1
                per_second = n_done / max(time.monotonic() - started, 1e-9)
                on_progress(Progress("overlay", n_done, len(first.time_s), per_second))
            if not n_done:
                raise ExportError(
                    f"'{output.name}' cannot be drawn: not one frame of "
                    f"'{Path(source.footage.path).name}' has a time of the take's. "
                    "Capture the footage again."
                )


def _faces(performances: Sequence[Performance], sample: int) -> list[DrawnFace]:
    """Return the faces of one sample of the take."""
    return [
        DrawnFace(performance.landmarks_smooth_px[sample], bool(performance.is_filled[sample]))
        for performance in performances
    ]


def _shown(
    source: OpenedFootage, time_s: np.ndarray[tuple[int], np.dtype[np.float64]], rate_hz: float
) -> Iterator[tuple[int, Frame, int]]:
    """Yield each captured frame, its sample, and how many frames of the video show it.

    Frame k of the video is at time_s[0] + k / rate, and shows what is nearest to that.
    """
    n_before = 0
    held: tuple[int, Frame] | None = None
    for sample, frame in _captured(source, time_s):
        if held is not None:
            middle_s = (held[1].time_s + frame.time_s) / 2.0
            n_until = max(n_before, int(np.ceil((middle_s - time_s[0]) * rate_hz - 1e-6)))
            yield *held, n_until - n_before
            n_before = n_until
        held = sample, frame
    if held is not None:
        last = round((held[1].time_s - float(time_s[0])) * rate_hz)
        yield *held, max(1, last + 1 - n_before)


def _captured(
    source: OpenedFootage, time_s: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> Iterator[tuple[int, Frame]]:
    """Yield the frames that are in the take, with their places in it."""
    tolerance_s = 1e-4
    for frame in source.frames():
        sample = int(np.searchsorted(time_s, frame.time_s - tolerance_s))
        if sample == len(time_s):
            return
        if abs(time_s[sample] - frame.time_s) <= tolerance_s:
            yield sample, frame


def _size_changed(found: Footage, captured: Footage) -> str:
    """Say that the footage is another one."""
    return (
        f"Footage '{Path(found.path).name}' is {found.size[1]}×{found.size[0]} pixels now, but was "
        f"{captured.size[1]}×{captured.size[0]} when it was captured. Capture it again."
    )
