"""What every face detector offers."""

from __future__ import annotations

from typing import Protocol

from ..arrays import ImageArray
from ..records import FaceBox


class FaceDetector(Protocol):
    """Finds the faces of one frame."""

    def detect(self, image: ImageArray) -> list[FaceBox]:
        """Return the faces of an RGB image of shape (height, width, 3), best score first."""
        ...
