"""OpenCV, loaded late and kept quiet."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..errors import BackendError, CannotOpen
from ..inference.library import load_library

if TYPE_CHECKING:
    from cv2 import VideoCapture

OpenCapture = Callable[[str], "VideoCapture"]

OLDEST_CV2 = (4, 7)
"""4.6 turns rotated footage by itself, whatever it is told."""


def load_cv2() -> ModuleType:
    """Import OpenCV and keep it and its FFmpeg from writing on stderr.

    What they print is not for the artist: our own errors say what failed. Who wants to read it sets
    OPENCV_LOG_LEVEL or OPENCV_FFMPEG_LOGLEVEL.

    Raises
    ------
    BackendError
        OpenCV is missing, broken or too old.
    """
    # FFmpeg's level is read once, when the first capture of the process is made; −8 is silence.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2: Any = load_library(
        "cv2",
        name="OpenCV",
        package="opencv-python-headless",
        oldest=OLDEST_CV2,
    )
    if "OPENCV_LOG_LEVEL" not in os.environ:
        # 4.13 moved it.
        (cv2 if hasattr(cv2, "setLogLevel") else cv2.utils.logging).setLogLevel(0)
    return cv2  # type: ignore[no-any-return]


def open_file_capture(path: str) -> VideoCapture:
    """Open a video file; the result may be closed, which says that it could not be opened."""
    cv2: Any = load_cv2()
    if not cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG):
        raise BackendError(
            "This OpenCV was built without FFmpeg and reads no video files. "
            "Install 'opencv-python-headless' from PyPI."
        )
    # An absolute path keeps FFmpeg from taking 'take:1.mov' for an address.
    full_path = str(Path(path).absolute())
    check_is_text(full_path)
    capture = cv2.VideoCapture(full_path, cv2.CAP_FFMPEG)
    # Builds differ in whether they turn frames themselves: ours is the one place that does.
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)
    return capture  # type: ignore[no-any-return]


def check_is_text(path: str) -> None:
    """Raise for a path whose bytes are no text: OpenCV's VideoCapture crashes on one.

    Raises
    ------
    CannotOpen
        It is none.
    """
    try:
        path.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CannotOpen(
            f"Video '{Path(path).name}' cannot be opened: its name, or that of a folder, is no "
            "valid text in this system's encoding. Rename it."
        ) from error
