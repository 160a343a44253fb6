"""Which detector is run: the one for near faces, the one for far faces, or one after the other."""

from __future__ import annotations

from collections.abc import Callable

from ..arrays import ImageArray
from ..inference.devices import Device
from ..inference.weights import open_network
from ..records import FaceBox
from ..settings import DetectorRange, DetectSettings
from .blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace
from .detector import FaceDetector

SHORT_RANGE_WEIGHTS = "face_detection_short_range"
FULL_RANGE_WEIGHTS = "face_detection_full_range"

MAX_FAR_SIZE = 0.15
"""Width of a far face over the longer side of the frame. Faces of 0.16 and more the short range
finds every time, of 0.1 and less never; the full range goes down to 0.05 (faces of four clips,
laid into frames of 1280 × 720)."""

_WEIGHTS: dict[DetectorRange, tuple[str, ...]] = {
    "auto": (SHORT_RANGE_WEIGHTS, FULL_RANGE_WEIGHTS),
    "short": (SHORT_RANGE_WEIGHTS,),
    "full": (FULL_RANGE_WEIGHTS,),
}


def detector_weights(settings: DetectSettings) -> tuple[str, ...]:
    """Return the names of the weights that a detector may run."""
    return _WEIGHTS[settings.range]


def open_detector(
    settings: DetectSettings, *, device: str | Device = "cpu", n_threads: int = 1
) -> FaceDetector:
    """Load the detector of a range; of `auto` the second network when it is first needed.

    Raises
    ------
    ModelError
        Its weights are missing or damaged, or nothing can run them.
    """

    def open_short() -> FaceDetector:
        network = open_network(SHORT_RANGE_WEIGHTS, device=device, n_threads=n_threads)
        return BlazeFace(network, settings, anchors=SHORT_RANGE)

    def open_full() -> FaceDetector:
        network = open_network(FULL_RANGE_WEIGHTS, device=device, n_threads=n_threads)
        return BlazeFace(network, settings, anchors=FULL_RANGE)

    if settings.range == "full":
        return open_full()
    if settings.range == "short":
        return open_short()
    return NearThenFar(open_short(), open_full)


class NearThenFar:
    """Looks for far faces where there is no near one.

    What it finds depends on the image alone, so that a capture that is resumed goes on as it would
    have. Of the second detector only what is too small for the first is taken: where a near face
    leaves or is covered, the first one's word stands.
    """

    def __init__(self, near: FaceDetector, open_far: Callable[[], FaceDetector]) -> None:
        self._near = near
        self._open_far = open_far
        self._far: FaceDetector | None = None

    def detect(self, image: ImageArray) -> list[FaceBox]:
        """Return the faces of an RGB image of shape (height, width, 3), best score first."""
        found = self._near.detect(image)
        if found:
            return found
        if self._far is None:
            self._far = self._open_far()
        limit_px = MAX_FAR_SIZE * max(image.shape[:2])
        return [
            box
            for box in self._far.detect(image)
            if box.corners_px[2] - box.corners_px[0] <= limit_px
        ]
