"""FaceMesh: crop → 468 landmarks, or 478 with irises.

References
----------
Y. Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", 2019,
arXiv:1907.06724; I. Grishchenko et al., "Attention Mesh", 2020, arXiv:2006.10962. Weights:
MediaPipe's face_landmark.tflite and face_landmark_with_attention.tflite, and the second version of
its FaceLandmarker, face_landmarks_detector.tflite (Apache-2.0).
"""

from __future__ import annotations

import numpy as np

from ..arrays import ImageArray, check_shape
from ..inference.network import Network
from ..records import CropLandmarks


class FaceMesh:
    """The FaceMesh networks, which give as many landmarks as their output is long."""

    def __init__(self, network: Network, *, n_landmarks: int, input_size: int = 192) -> None:
        self._network = network
        self.n_landmarks = n_landmarks
        self.input_size = input_size

    def estimate(self, crops: ImageArray) -> CropLandmarks:
        """Return the landmarks of a batch of crops.

        Parameters
        ----------
        crops : shape (n_crops, input_size, input_size, 3), uint8, RGB

        Raises
        ------
        ShapeError
            The crops are of another size, or the network gives another number of landmarks.
        """
        check_shape("crops", crops, ("n_crops", self.input_size, self.input_size, 3))
        raw = self._network.run(image=crops)
        points = np.asarray(raw["landmarks"], np.float32)
        check_shape("landmarks", points, (len(crops), self.n_landmarks, 3))
        return CropLandmarks(points_px=points, presence=np.asarray(raw["presence"], np.float32))
