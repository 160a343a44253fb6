"""An MP4 file, frame by frame, that appears when it is complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..arrays import ImageArray
from ..errors import ExportError
from .atomic_file import path_beside

if TYPE_CHECKING:
    from cv2 import VideoWriter

# H.264 plays everywhere, but OpenCV's builds on PyPI have no encoder for it; MPEG-4 part 2 plays in
# Blender, VLC and the systems' own players, though not in browsers.
_CODECS = ("avc1", "mp4v")


class VideoFileWriter:
    """Takes frames of one size, both sides even."""

    def __init__(self, writer: VideoWriter) -> None:
        self._writer = writer
        self.n_frames = 0

    def write(self, image: ImageArray) -> None:
        """Append a frame: (height, width, 3), RGB."""
        import cv2

        self._writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        self.n_frames += 1


@contextmanager
def new_video(
    path: str | Path, *, size: tuple[int, int], rate_hz: float
) -> Iterator[VideoFileWriter]:
    """Give a writer; at the end, what was written gets its name, and after an error it is gone.

    Parameters
    ----------
    path : the file; its suffix, .mp4, chooses the container
    size : (height, width) in pixels, both even: H.264 and MPEG-4 take no others
    rate_hz : frames a second

    Raises
    ------
    ExportError
        The file cannot be written, or does not hold every frame at the end.
    """
    with path_beside(path) as beside:
        _check_is_text(beside)
        # A refusal of the system has a reason here, in OpenCV it has not.
        beside.open("xb").close()
        writer = _opened(beside, size=size, rate_hz=rate_hz, name=Path(path).name)
        try:
            video = VideoFileWriter(writer)
            yield video
        finally:
            writer.release()
        _check(beside, n_frames=video.n_frames, name=Path(path).name)


def _check_is_text(path: Path) -> None:
    """Raise for a path whose bytes are no text: OpenCV's VideoWriter crashes on one."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError as error:
        raise ExportError(
            f"'{path.name}' cannot be written: its name, or that of a folder, is no valid text in "
            "this system's encoding. Choose another name."
        ) from error


def _opened(path: Path, *, size: tuple[int, int], rate_hz: float, name: str) -> VideoWriter:
    """Open a writer with the first codec that this OpenCV can encode."""
    import cv2

    opencv: Any = cv2
    log = opencv if hasattr(opencv, "setLogLevel") else opencv.utils.logging  # moved in 4.13
    level_before = log.setLogLevel(0)  # A codec that is not there is no news for the artist.
    try:
        for codec in _CODECS:
            fourcc = cv2.VideoWriter.fourcc(*codec)
            writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, fourcc, rate_hz, size[::-1])
            if writer.isOpened():
                return writer
    finally:
        log.setLogLevel(level_before)
    raise ExportError(
        f"'{name}' cannot be written: this OpenCV encodes neither H.264 nor MPEG-4 in frames of "
        f"{size[1]}×{size[0]}. Install 'opencv-python-headless' from PyPI."
    )


def _check(path: Path, *, n_frames: int, name: str) -> None:
    """Raise unless the file opens and holds every frame: OpenCV does not tell of a full disk."""
    import cv2

    capture: Any = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    found = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.grab() else 0
    capture.release()
    if found != n_frames:
        raise ExportError(
            f"'{name}' was not written whole: {found} of {n_frames} frames are in it. "
            "Free some space, or choose another disk."
        )
