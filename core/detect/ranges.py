"""Which detector is run: the one for near faces, the one for far faces, or one after the other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..arrays import ImageArray
from ..inference.devices import Device
from ..inference.weights import open_network
from ..records import FaceBox
from ..settings import DetectorRange, DetectSettings
from .blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace, overlap
from .detector import FaceDetector

SHORT_RANGE_WEIGHTS = "face_detection_short_range"
FULL_RANGE_WEIGHTS = "face_detection_full_range"

MAX_FAR_SIZE = 0.15
"""Width of a far face over the longer side of the frame. Faces of 0.16 and more the short range
finds every time, of 0.1 and less never; the full range goes down to 0.05 (faces of four clips,
laid into frames of 1280 × 720)."""

WINDOW_SIZE = 4.0
"""Side of the window in which a far face is looked at again, over the face's."""
MIN_CONFIRMATION = 0.75
"""Score that it must have there. Of 111 far faces the least had 0.84; what the full range took for
faces in a title of chubby letters had 0.64 at most."""
SAME_FACE = 0.3
"""Overlap (intersection over union) above which both detectors mean one face."""

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
    """Looks for far faces where there is no near one, and has the near detector confirm them.

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
        far = [box for box in self._far.detect(image) if _width_px(box) <= limit_px]
        confirmed = (self._confirmed(image, box) for box in far)
        return sorted((box for box in confirmed if box), key=lambda box: -box.score)

    def _confirmed(self, image: ImageArray, box: FaceBox) -> FaceBox | None:
        """Return how the near detector sees a far face from nearby, None where it sees none."""
        corners_px = box.corners_px.reshape(2, 2)
        half_px = WINDOW_SIZE * np.ptp(corners_px, axis=0).max() / 2
        middle_px = corners_px.mean(axis=0)
        height, width = image.shape[:2]
        low_px = np.floor(np.clip(middle_px - half_px, 0, (width - 1, height - 1))).astype(int)
        high_px = np.ceil(np.clip(middle_px + half_px, low_px + 1, (width, height))).astype(int)
        window = image[low_px[1] : high_px[1], low_px[0] : high_px[0]]
        for near in self._near.detect(np.ascontiguousarray(window)):
            seen_px = near.corners_px.reshape(2, 2) + low_px
            if near.score >= MIN_CONFIRMATION and overlap(corners_px, seen_px[None])[0] > SAME_FACE:
                return FaceBox(
                    corners_px=seen_px.reshape(4).astype(np.float32),
                    key_points_px=(near.key_points_px + low_px).astype(np.float32),
                    score=near.score,
                )
        return None


def _width_px(box: FaceBox) -> float:
    """Return the width of a box."""
    return float(box.corners_px[2] - box.corners_px[0])
