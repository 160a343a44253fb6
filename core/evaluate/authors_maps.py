"""PRNet's and L-PRNet's imported networks, on crops as PRNet's authors cut them.

References
----------
Repository YadiraF/PRNet (MIT): `api.py` for the crop, `Data/uv-data/uv_kpt_ind.txt` for the places
of the 68 landmarks on its map.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ..arrays import Float32Array, Float64Array, FloatArray, ImageArray
from ..detect import FaceDetector
from ..errors import WeightsMissing
from ..inference.devices import Device
from ..inference.weights import open_network
from .boxes import box_around

_KEY_POINT_SCALE = 1.6
_BOX_SCALE, _BOX_LOWERED = 1.58, 0.14
_MAP_SIZE = 256

_COLUMNS = (
    15, 22, 26, 32, 45, 67, 91, 112, 128, 143, 164, 188, 210, 223, 229, 233, 240,
    58, 71, 85, 97, 106, 149, 158, 170, 184, 197, 128, 128, 128, 128, 117, 122, 128, 133, 138,
    78, 86, 95, 102, 96, 87, 153, 160, 169, 177, 168, 159,
    108, 116, 124, 128, 131, 139, 146, 137, 132, 128, 123, 118, 110, 122, 128, 133, 145, 132, 128,
    123,
)  # fmt: skip
_ROWS = (
    96, 118, 141, 165, 183, 190, 188, 187, 193, 187, 188, 190, 183, 165, 141, 118, 96,
    49, 42, 39, 40, 42, 42, 40, 39, 42, 49, 59, 73, 86, 96, 111, 113, 115, 113, 111,
    67, 60, 61, 65, 68, 69, 65, 61, 60, 67, 69, 68,
    142, 131, 127, 128, 127, 131, 142, 148, 150, 150, 150, 148, 141, 135, 134, 135, 142, 143, 142,
    143,
)  # fmt: skip
"""Texels of a map of 256 at the 68 landmarks."""


@dataclass(frozen=True, slots=True)
class AuthorsMap:
    """An imported network: its weights' name, the side of crop and map, and what to import."""

    weights: str
    size: int
    authors_file: str


AUTHORS_MAPS = MappingProxyType(
    {
        "prnet-resfcn256": AuthorsMap("prnet_resfcn256", 256, "256_256_resfcn256_weight.index"),
        "lprnet-128": AuthorsMap("lprnet_128", 128, "variables/variables.index"),
    }
)


class AuthorsMapFinder:
    """Looks where the detector found a face, and again where the map's landmarks lie then.

    These networks do not tell whether there is a face.
    """

    def __init__(
        self, name: str, detector: FaceDetector, *, device: Device, n_threads: int
    ) -> None:
        chosen = AUTHORS_MAPS[name]
        try:
            self._network = open_network(chosen.weights, device=device, n_threads=n_threads)
        except WeightsMissing as error:
            raise WeightsMissing(
                f"'{name}' needs weights that do not come with Mien. Get its authors' "
                f"{chosen.authors_file} with the data beside it, and import it with "
                f"`mien models import {chosen.authors_file}`."
            ) from error
        self._detector = detector
        self._size = chosen.size
        step = _MAP_SIZE // chosen.size
        self._rows, self._columns = np.array(_ROWS) // step, np.array(_COLUMNS) // step

    def find(self, image: ImageArray) -> list[Float32Array]:
        """Return the points (68, 2) of each face that the detector finds in an RGB image."""
        faces = []
        for box in self._detector.detect(image):
            middle, size = middle_and_size(box.corners_px)
            middle[1] += _BOX_LOWERED * size
            first = self._look(image, middle, _BOX_SCALE * size)
            middle, size = middle_and_size(box_around(first))
            faces.append(self._look(image, middle, _KEY_POINT_SCALE * size))
        return faces

    def find_near(self, image: ImageArray, points_px: FloatArray) -> Float32Array | None:
        """Return the points in the crop that the true points give, as the authors evaluate."""
        middle, size = middle_and_size(box_around(points_px))
        return self._look(image, middle, _KEY_POINT_SCALE * size)

    def _look(self, image: ImageArray, middle: Float64Array, size_px: float) -> Float32Array:
        """Run the network on an upright square; beyond the image it is black."""
        import cv2

        size_px = max(float(int(size_px)), 1.0)
        step = size_px / (self._size - 1)
        left, top = middle - size_px / 2.0
        crop = cv2.warpAffine(
            np.ascontiguousarray(image),
            np.array([[step, 0.0, left], [0.0, step, top]]),
            (self._size, self._size),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
        )
        positions = self._network.run(image=np.asarray(crop, np.uint8)[None])["positions"][0]
        points = positions[self._rows, self._columns, :2]
        return np.asarray(points * step + (left, top), np.float32)


def middle_and_size(corners_px: FloatArray) -> tuple[Float64Array, float]:
    """Return a box's middle (2,), and the mean of its sides."""
    corners = corners_px.reshape(2, 2).astype(np.float64)
    return corners.mean(axis=0), float(np.ptp(corners, axis=0).mean())
