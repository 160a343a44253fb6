"""Finds the faces of one picture with the product's own detector and 478-point engine."""

from __future__ import annotations

import numpy as np

from ..arrays import Float32Array, ImageArray
from ..detect import BlazeFace
from ..inference.weights import open_network
from ..landmarks import open_engine
from ..pipeline.plan import DETECTOR_WEIGHTS
from ..settings import DetectSettings
from ..track import crop_from_image, image_from_crop, region_from_box, region_from_landmarks

_LOOKS = 3
"""The region is found again from the landmarks so many times."""
_SCALE = 1.5


class FaceSeeker:
    """The networks, loaded once."""

    def __init__(self) -> None:
        self._detector = BlazeFace(open_network(DETECTOR_WEIGHTS), DetectSettings())
        self._engine = open_engine("facemesh")

    def faces(self, image: ImageArray) -> list[Float32Array]:
        """Return the landmarks (478, 3), image space, of each face in an RGB picture."""
        found = []
        for box in self._detector.detect(image):
            region = region_from_box(box, scale=_SCALE)
            for _ in range(_LOOKS):
                crop = crop_from_image(image, region, size=self._engine.input_size)
                seen = self._engine.estimate(crop[None])
                points = image_from_crop(seen.points_px[0], region, size=self._engine.input_size)
                region = region_from_landmarks(points, scale=_SCALE)
            if float(seen.presence[0]) > 0.5:
                found.append(np.asarray(points, np.float32))
        return found
