"""Chooses how footage is read by what its path is."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import ArgumentError, CannotOpen
from ..settings import SourceSettings
from .camera import Camera, is_live_address, shown_address
from .frame_source import FrameSource
from .frame_stream import DEFAULT_QUEUE_SIZE
from .image_list import images_at
from .image_sequence import ImageSequence
from .video_file import VideoFile


def open_source(
    path: str,
    settings: SourceSettings,
    *,
    queue_size: int = DEFAULT_QUEUE_SIZE,
    keeps_bgr: bool = False,
) -> FrameSource:
    """Open footage of any kind.

    Parameters
    ----------
    path : a video file or GIF; a folder of images; one image, which stands for the sequence that
        its number belongs to, or for itself; a pattern (`shot_####.png`, `shot_%04d.png`,
        `shot_*.png`); `camera:0`; the address of a stream (`rtsp://…`, `http://…`)
    settings : the range, and the rate of images
    queue_size : how many frames the reader may run ahead; fewer where frames are large
    keeps_bgr : images may be the decoder's BGR, read backwards (`arrays.as_stored`): for whoever
        looks at a part of each frame only

    Raises
    ------
    ArgumentError
        A rate was given for footage that has times of its own.
    CannotOpen
        Footage is missing, may not be read, or is no footage.
    CannotDecode
        It opened, and not one frame could be decoded.
    BackendError
        OpenCV is missing.
    """
    if not path:
        raise CannotOpen("No footage was named. Choose a video, a GIF or images.")
    place = footage_place(path)
    if place is None:
        _refuse_rate(settings, shown_address(path))
        return Camera(path, settings, keeps_bgr=keeps_bgr)
    images = images_at(place)
    if not images:
        _refuse_rate(settings, place.name)
        return VideoFile(str(place), settings, queue_size=queue_size, keeps_bgr=keeps_bgr)
    return ImageSequence(str(place.absolute()), settings, images=images, queue_size=queue_size)


def _refuse_rate(settings: SourceSettings, name: str) -> None:
    """Raise where a rate was given for footage that is not made of images."""
    if settings.rate_hz is not None:
        raise ArgumentError(
            f"rate must be left out for '{name}', which has times of its own; got "
            f"{settings.rate_hz:g} Hz. Only images need one."
        )


def footage_place(path: str) -> Path | None:
    """Return the file or folder that footage is, however it was named; None for a live source."""
    if re.match("file://", path, re.IGNORECASE):
        from urllib.request import url2pathname  # takes a tenth of the add-on's start to load

        return Path(url2pathname(urlsplit(path).path))
    if is_live_address(path):
        return None
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path's fails on a file named '~a.mp4'
