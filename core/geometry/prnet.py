"""PRNet: crop → UV position map, and the vertices that stand for its landmarks.

References
----------
Y. Feng, F. Wu, X. Shao, Y. Wang, X. Zhou, "Joint 3D Face Reconstruction and Dense Alignment with
Position Map Regression Network", ECCV 2018. The network and its layout are our own, see
docs/models/prnet.md.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Float32Array, FloatArray, ImageArray, check_shape
from ..inference.network import Network
from ..records import CropLandmarks
from .map_face import N_VERTICES, load_map_face
from .position_map import MAP_SIZE, vertices_from_map

INPUT_SIZE = 128
REGION_SCALE = 1.25
"""Side of a crop over the larger side of the box around the map's points: as in the training."""


class PositionMapNet:
    """A network that gives position maps."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.n_landmarks = N_VERTICES
        self.input_size = INPUT_SIZE

    def estimate(self, crops: ImageArray) -> CropLandmarks:
        """Return the maps of a batch of crops, and their landmarks.

        Parameters
        ----------
        crops : shape (n_crops, 128, 128, 3), uint8, RGB

        Raises
        ------
        ShapeError
            The crops are of another size, or the network gives something else than maps.
        """
        check_shape("crops", crops, ("n_crops", INPUT_SIZE, INPUT_SIZE, 3))
        raw = self._network.run(image=crops)
        maps = np.asarray(raw["positions"], np.float32)
        check_shape("positions", maps, (len(crops), MAP_SIZE, MAP_SIZE, 3))
        return CropLandmarks(
            points_px=np.stack([landmarks_from_map(one) for one in maps]),
            presence=np.asarray(raw["presence"], np.float32),
            position_maps=maps,
        )


def landmarks_from_map(position_map: FloatArray) -> Float32Array:
    """Sample a position map (128, 128, 3) at the coarse mesh's vertices: (1089, 3)."""
    return vertices_from_map(position_map, load_map_face().uv)
