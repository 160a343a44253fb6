"""What every landmark engine offers."""

from __future__ import annotations

from typing import Protocol

from ..arrays import ImageArray
from ..records import CropLandmarks


class LandmarkEstimator(Protocol):
    """Finds the landmarks of faces in crops of `input_size` pixels a side."""

    input_size: int
    n_landmarks: int

    def estimate(self, crops: ImageArray) -> CropLandmarks:
        """Return the landmarks in crops of shape (n_crops, input_size, input_size, 3), RGB."""
        ...
