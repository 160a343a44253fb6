"""Writes made footage as a video file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..arrays import ImageArray
from ..errors import ArgumentError
from ..export.video_writer import new_video


def write_clip(path: Path | str, frames: Iterable[ImageArray], *, rate_hz: float) -> int:
    """Write frames as an .mp4, whole or not at all.

    Parameters
    ----------
    path : where to
    frames : at least one, each (height, width, 3) RGB, all of one size, both sides even
    rate_hz : frames a second

    Returns
    -------
    int
        How many there were.

    Raises
    ------
    ArgumentError, ExportError
        There is no frame; the file cannot be written.
    """
    iterator = iter(frames)
    first = next(iterator, None)
    if first is None:
        raise ArgumentError(f"Clip '{path}' needs at least one frame, got none.")
    height, width = first.shape[:2]
    with new_video(path, size=(height, width), rate_hz=rate_hz) as video:
        video.write(first)
        for image in iterator:
            video.write(image)
        return video.n_frames
