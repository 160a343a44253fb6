"""Frames of a video file or an animated GIF."""

from __future__ import annotations

import math
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..arrays import ImageArray
from ..errors import CannotDecode
from ..records import Footage, Frame
from ..settings import SourceSettings
from .backend import OpenCapture, load_cv2, open_file_capture
from .container import container_facts
from .diagnosis import cannot_decode_video, cannot_open_video, check_readable
from .frame_clock import FrameClock, is_usual_rate, nominal_rate_hz
from .frame_stream import DEFAULT_QUEUE_SIZE, StreamedSource

if TYPE_CHECKING:
    from cv2 import VideoCapture

_N_PROBED = 16
# OpenCV's grab fails for each packet that is damaged, and for each 512 packets of sound in a row;
# the next call goes on behind it. At the end it fails for ever, and at once.
_MAX_FAILURES = 1000
_TIME_TOLERANCE_S = 1e-6
_SHORT_S, _SHORT_PART = 1.0, 0.1


class VideoFile(StreamedSource):
    """Frames of a video file, with the container's times, turned as the container says.

    The range is half-open: frames with start ≤ time < end. Frames before it are decoded and not
    converted: seeking is not exact in every container, and would lose the frames' numbers.

    Frames whose size differs from the first one's are scaled to it, with a warning, as far as
    OpenCV shows it: 4.11 keeps to the first size itself, and crops, without a word.
    """

    def __init__(
        self,
        path: str,
        settings: SourceSettings,
        *,
        queue_size: int = DEFAULT_QUEUE_SIZE,
        open_capture: OpenCapture = open_file_capture,
        keeps_bgr: bool = False,
    ) -> None:
        self._path = Path(path)
        self._settings = settings
        self._open_capture = open_capture
        self._keeps_bgr = keeps_bgr
        self._claimed_s: float | None = None
        self._pixel_aspect = (1, 1)
        check_readable(self._path)
        super().__init__(self._probe(), files=[self._path], queue_size=queue_size)

    def decode(self, stop: threading.Event) -> Generator[Frame, None, None]:
        """Yield the frames of the range, or fewer once `stop` is set."""
        clock = FrameClock(self._footage.rate_hz)
        n_yielded = n_damaged = 0
        end_s = math.inf if self._settings.end_s is None else self._settings.end_s
        start_s = -math.inf if self._settings.start_s is None else self._settings.start_s
        time_s = 0.0
        is_at_end = False
        with self._opened() as capture:
            images = _Images(capture, size=self._footage.size, keeps_bgr=self._keeps_bgr)
            for container_ms, n_failures in _grabbed(capture):
                if stop.is_set():
                    return
                n_damaged += n_failures
                time_s = clock.next_time_s(container_ms)
                if time_s >= end_s - _TIME_TOLERANCE_S:
                    is_at_end = True
                    break
                if time_s >= start_s - _TIME_TOLERANCE_S:
                    image = images.next_image()
                    if image is None:
                        n_damaged += 1
                        continue
                    n_yielded += 1
                    yield Frame(clock.n_frames - 1, time_s, image)
        if not n_yielded:
            raise self._nothing_decoded(clock, last_s=time_s)
        self._warn(clock, n_damaged=n_damaged, n_resized=images.n_resized)
        if not is_at_end:
            self._warn_of_the_end(clock, last_s=time_s)

    def _probe(self) -> Footage:
        """Open the file, decode its first frames, and return what it is."""
        cv2: Any = load_cv2()
        with self._opened() as capture:
            claimed_hz = capture.get(cv2.CAP_PROP_FPS)
            n_probed = 1 if is_usual_rate(claimed_hz) else _N_PROBED
            times_ms = [time_ms for time_ms, _ in islice(_grabbed(capture), n_probed)]
            if not times_ms:
                raise cannot_decode_video(self._path)
            height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
            width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
            if _turns(capture) % 2:
                height, width = width, height
            self._pixel_aspect = (
                int(capture.get(cv2.CAP_PROP_SAR_NUM)),
                int(capture.get(cv2.CAP_PROP_SAR_DEN)),
            )
            rate_hz = nominal_rate_hz(claimed_hz, container_ms=times_ms)
            n_claimed = capture.get(cv2.CAP_PROP_FRAME_COUNT)
            self._claimed_s = n_claimed / claimed_hz if claimed_hz > 0.0 < n_claimed else None
            # Without a count, OpenCV multiplies the duration by a rate, which may be a clock's.
            is_clock = self._claimed_s is not None and claimed_hz >= 2.0 * rate_hz
            n_frames = round(n_claimed * (rate_hz / claimed_hz if is_clock else 1.0))
        return Footage(
            path=str(self._path.absolute()),
            kind="video",
            size=(height, width),
            rate_hz=rate_hz,
            n_frames=n_frames if n_frames > 0 else None,
        )

    @contextmanager
    def _opened(self) -> Iterator[VideoCapture]:
        """Open the file, and release it at the end."""
        capture = self._open_capture(str(self._path))
        try:
            if not capture.isOpened():
                check_readable(self._path)
                raise cannot_open_video(self._path)
            yield capture
        finally:
            capture.release()

    def _nothing_decoded(self, clock: FrameClock, *, last_s: float) -> CannotDecode:
        """Return the error for a pass that gave no frame."""
        if not clock.n_frames:
            return cannot_decode_video(self._path)
        start_s, end_s = self._settings.start_s or 0.0, self._settings.end_s
        until = "its end" if end_s is None else f"{end_s:g} s"
        found = f"its last frame is at {last_s:.3f} s" if last_s < start_s else "none lies between"
        return CannotDecode(
            f"Video '{self._path.name}' has no frame from {start_s:g} s to {until}: {found}. "
            "Choose another start or end."
        )

    def _warn(self, clock: FrameClock, *, n_damaged: int, n_resized: int) -> None:
        """Say what was met on the way."""
        name = self._path.name
        across, down = self._pixel_aspect
        if across > 0 < down and across != down:
            self._warnings.append(
                f"Video '{name}' has pixels that are not square ({across}:{down}), which are used "
                "as they are: the face comes out squeezed. Convert it to square pixels."
            )
        if clock.is_counting:
            self._warnings.append(
                f"Video '{name}' carries no usable times for {clock.n_guessed} of its "
                f"{clock.n_frames} frames: they were counted at {self._footage.rate_hz:g} Hz."
            )
        if n_damaged:
            self._warnings.append(
                f"Video '{name}' is damaged: {n_damaged} frame{'s' * (n_damaged != 1)} could not "
                "be decoded and left a hole."
            )
        if n_resized:
            height, width = self._footage.size
            self._warnings.append(
                f"Video '{name}' changes its size: {n_resized} frame{'s' * (n_resized != 1)} "
                f"{'were' if n_resized != 1 else 'was'} scaled to {width}×{height}."
            )

    def _warn_of_the_end(self, clock: FrameClock, *, last_s: float) -> None:
        """Say when the file ended before it should.

        The header's frame count is no measure, as it counts what an edit list leaves out: the
        structure's size is, and the duration after the edits.
        """
        facts = container_facts(self._path)
        end_s = last_s + 1.0 / self._footage.rate_hz
        claimed = self._footage.n_frames
        claimed_s = facts.duration_s if facts.kind == "mp4" else self._claimed_s
        of_frames = f" of {claimed}" if claimed is not None and claimed > clock.n_frames else ""
        if facts.missing_bytes:
            self._warnings.append(
                f"Video '{self._path.name}' is cut off: {clock.n_frames}{of_frames} frames, up to "
                f"{end_s:.2f} s, could be decoded. Copy it again to get the rest."
            )
        elif claimed_s and claimed_s - end_s > max(_SHORT_S, _SHORT_PART * claimed_s):
            self._warnings.append(
                f"Video '{self._path.name}' ends early: its header says {claimed_s:.2f} s, but "
                f"only {clock.n_frames}{of_frames} frames, up to {end_s:.2f} s, could be decoded."
            )


class _Images:
    """Brings the frames that a capture has grabbed into our order and size."""

    def __init__(self, capture: VideoCapture, *, size: tuple[int, int], keeps_bgr: bool) -> None:
        self._cv2: Any = load_cv2()
        self._capture = capture
        self._size = size
        self._keeps_bgr = keeps_bgr
        # The same buffer for every frame: fresh memory costs more than the conversion.
        self._bgr: ImageArray | None = None
        turns = (None, "ROTATE_90_CLOCKWISE", "ROTATE_180", "ROTATE_90_COUNTERCLOCKWISE")
        turn = turns[_turns(capture)]
        self._turn = None if turn is None else getattr(self._cv2, turn)
        self.n_resized = 0

    def next_image(self) -> ImageArray | None:
        """Return the grabbed frame as RGB, upright, in the footage's size; None if it is broken."""
        is_decoded, self._bgr = self._capture.retrieve(self._bgr)  # type: ignore[assignment]
        if not is_decoded or self._bgr is None:
            return None
        image, is_own = self._bgr, False
        if not self._keeps_bgr:
            image, is_own = self._cv2.cvtColor(image, self._cv2.COLOR_BGR2RGB), True
        if self._turn is not None:
            image, is_own = self._cv2.rotate(image, self._turn), True
        if image.shape[:2] != self._size:
            self.n_resized += 1
            image = self._cv2.resize(image, self._size[::-1], interpolation=self._cv2.INTER_AREA)
            is_own = True
        if not is_own:
            self._bgr = None  # it goes out with the frame
        return image[..., ::-1] if self._keeps_bgr else image


def _grabbed(capture: VideoCapture) -> Iterator[tuple[float, int]]:
    """Grab frame by frame; yield its time in milliseconds and the failures that came before."""
    cv2: Any = load_cv2()
    n_failures = 0
    while n_failures <= _MAX_FAILURES:
        if capture.grab():
            yield capture.get(cv2.CAP_PROP_POS_MSEC), n_failures
            n_failures = 0
        else:
            n_failures += 1


def _turns(capture: VideoCapture) -> int:
    """Return how many quarter turns clockwise the container asks for."""
    cv2: Any = load_cv2()
    return round(capture.get(cv2.CAP_PROP_ORIENTATION_META) / 90.0) % 4
