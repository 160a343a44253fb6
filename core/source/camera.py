"""Frames of a live camera or network stream."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import in_order
from ..errors import CannotDecode, CannotOpen
from ..records import Footage, Frame
from ..settings import SourceSettings
from .backend import OpenCapture, check_is_text, load_cv2
from .frame_stream import StreamedSource

if TYPE_CHECKING:
    from cv2 import VideoCapture

_CAMERA_PREFIX = "camera:"
_FALLBACK_RATE_HZ = 30.0
_TIMEOUT_MS = 10_000
_ATTEMPTS = 20  # A camera may give nothing while it wakes up.


def is_live_address(path: str) -> bool:
    """Return whether a path names a camera or a stream rather than a file."""
    return path.startswith(_CAMERA_PREFIX) or bool(re.match(r"[a-z][a-z0-9+.-]+://", path, re.I))


def open_live_capture(address: str) -> VideoCapture:
    """Open a camera by its number, or a stream by its address."""
    cv2: Any = load_cv2()
    if address.startswith(_CAMERA_PREFIX):
        return cv2.VideoCapture(int(address.removeprefix(_CAMERA_PREFIX)))  # type: ignore[no-any-return]
    check_is_text(address)
    timeouts = [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _TIMEOUT_MS,
    ]  # fmt: skip
    return cv2.VideoCapture(address, cv2.CAP_FFMPEG, timeouts)  # type: ignore[no-any-return]


class Camera(StreamedSource):
    """Frames as they come, with the time of their arrival.

    Who takes them too slowly gets the newest: the ones between are dropped, and show as a step in
    `Frame.index`, as does a frame that arrives within the same tick of the clock as the one before
    it. A live source never lags.
    """

    is_live = True

    def __init__(
        self,
        address: str,
        settings: SourceSettings,
        *,
        open_capture: OpenCapture = open_live_capture,
        clock: Callable[[], float] = time.perf_counter,
        keeps_bgr: bool = False,
    ) -> None:
        self._address = shown_address(address)
        kind = "Camera" if address.startswith(_CAMERA_PREFIX) else "Stream"
        self._name = f"{kind} '{self._address}'"
        self._settings = settings
        self._clock = clock
        self._keeps_bgr = keeps_bgr
        self._in_use = threading.Lock()
        if not _is_well_formed(address):
            raise CannotOpen(
                f"Camera '{address}' is not known. Write 'camera:' and its number: 'camera:0'."
            )
        self._capture = open_capture(address)
        try:
            footage = self._probe()
        except BaseException:
            self._capture.release()
            raise
        super().__init__(footage, queue_size=1)

    def decode(self, stop: threading.Event) -> Generator[Frame, None, None]:
        """Yield frames until `stop` is set, the range ends or the camera goes."""
        end_s = math.inf if self._settings.end_s is None else self._settings.end_s
        start_s = self._settings.start_s or 0.0
        first_s: float | None = None
        last_s = -math.inf
        index = n_yielded = 0
        with self._in_use:
            while not stop.is_set():
                is_read, bgr = self._capture.read()
                now_s = self._clock()
                if not is_read or bgr is None:
                    break
                first_s = now_s if first_s is None else first_s
                time_s = now_s - first_s
                if time_s >= end_s:
                    break
                if time_s >= start_s and time_s > last_s:
                    last_s = time_s
                    n_yielded += 1
                    image = np.asarray(bgr, np.uint8)[..., ::-1]
                    yield Frame(index, time_s, image if self._keeps_bgr else in_order(image))
                index += 1
            else:
                return
        if not n_yielded:
            raise CannotDecode(f"{self._name} gave no frame. {_advice(self._name)}")
        if not is_read:
            self._warnings.append(f"{self._name} stopped after {time_s:.2f} s: it gave no more.")

    def close(self) -> None:
        """End the reader and free the camera; a second call does nothing."""
        super().close()
        # A reader that hangs in a dead stream keeps the capture: to free it there would crash.
        if self._in_use.acquire(blocking=False):
            self._capture.release()
            self._in_use.release()

    def _probe(self) -> Footage:
        """Read the first frame, and return what the camera gives."""
        cv2: Any = load_cv2()
        if not self._capture.isOpened():
            raise CannotOpen(f"{self._name} cannot be opened. {_advice(self._name)}")
        for _ in range(_ATTEMPTS):
            is_read, bgr = self._capture.read()
            if is_read and bgr is not None:
                break
        else:
            raise CannotDecode(f"{self._name} opened, but gave no frame. {_advice(self._name)}")
        rate_hz = self._capture.get(cv2.CAP_PROP_FPS)
        is_plausible = math.isfinite(rate_hz) and 1.0 <= rate_hz <= 1000.0
        return Footage(
            path=self._address,
            kind="camera",
            size=(bgr.shape[0], bgr.shape[1]),
            rate_hz=rate_hz if is_plausible else _FALLBACK_RATE_HZ,
            n_frames=None,
        )


def _is_well_formed(address: str) -> bool:
    """Return whether a camera has a number; any stream's address will do."""
    number = address.removeprefix(_CAMERA_PREFIX)
    return number == address or (number.isascii() and number.isdigit())


def shown_address(address: str) -> str:
    """Return an address for messages and takes, without a user and a password.

    A password may hold what should have been escaped, such as '/' and '@': where there may be one,
    all up to the last '@' is left out, for rather too little is shown than too much.
    """
    return re.sub(r"(?<=://)(?!\[)(?:[^/@]*:.*|[^/]*)@", "", address, flags=re.DOTALL)


def _advice(name: str) -> str:
    """Return what to do."""
    if name.startswith("Camera"):
        return (
            "Check that it is plugged in and that no other program uses it, "
            "or try another number, such as 'camera:1'."
        )
    return "Check the address, the network and the password."
