"""The canonical face: a neutral face of average size, which gives poses their origin and scale."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from ..arrays import Float64Array, check_indices, check_shape
from ..errors import RangeError, WeightsCorrupt, WeightsMissing
from ..inference.weights import assets_folder
from ..records import FaceTopology

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, eq=False)
class CanonicalFace:
    """A neutral face, and how much each of its points tells about the head's pose.

    `topology.neutral_m` is in head space. `procrustes_weights` (n_landmarks,) float64, 0 and above:
    points that expressions move have none.
    """

    topology: FaceTopology
    procrustes_weights: Float64Array

    def __post_init__(self) -> None:
        n_landmarks = len(self.topology.neutral_m)
        check_shape("neutral_m", self.topology.neutral_m, ("n_landmarks", 3))
        check_shape("triangles", self.topology.triangles, ("n_triangles", 3))
        check_shape("uv", self.topology.uv, (n_landmarks, 2))
        check_shape("procrustes_weights", self.procrustes_weights, (n_landmarks,))
        check_indices("triangles", self.topology.triangles, n_landmarks)
        if (self.procrustes_weights < 0).any() or not self.procrustes_weights.any():
            raise RangeError("procrustes_weights must be 0 or above, with one above, got others")

    @property
    def n_landmarks(self) -> int:
        """Points of the face."""
        return len(self.topology.neutral_m)


def load_canonical_face(n_landmarks: int = 468) -> CanonicalFace:
    """Read the canonical face that the extension ships.

    Parameters
    ----------
    n_landmarks : points of the engine's mesh

    Raises
    ------
    WeightsMissing, WeightsCorrupt
        There is no canonical face of so many points; its file is damaged.

    Notes
    -----
    The 468 points, triangles, texture coordinates and weights are MediaPipe's (Apache-2.0),
    `mediapipe/modules/face_geometry/data`, with metres in place of centimetres.
    """
    path = assets_folder() / f"canonical_face_{n_landmarks}.npz"
    if not path.is_file():
        raise WeightsMissing(
            f"Canonical face '{path.name}' is missing from '{path.parent}'. Install Mien again."
        )
    return read_canonical_face(path)


def read_canonical_face(path: Path) -> CanonicalFace:
    """Read a canonical face from an `.npz` of neutral_m, triangles, uv and procrustes_weights.

    Raises
    ------
    WeightsCorrupt
        The file is damaged, lacks an array, or its arrays contradict each other.
    """
    try:
        with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            return CanonicalFace(
                topology=FaceTopology(
                    neutral_m=arrays["neutral_m"].astype(np.float32),
                    triangles=arrays["triangles"].astype(np.int32),
                    uv=arrays["uv"].astype(np.float32),
                ),
                procrustes_weights=arrays["procrustes_weights"].astype(np.float64),
            )
    except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
        raise WeightsCorrupt(
            f"Canonical face '{path}' cannot be read: {error}. Install Mien again."
        ) from error
