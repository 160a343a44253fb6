"""MediaPipe's geometry metadata → the canonical face in our units and conventions."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from ..arrays import Float32Array, Float64Array, IndexArray
from ..errors import WeightsCorrupt
from .protobuf_wire import Fields, read_fields, read_floats, read_integers, read_messages

N_VERTICES = 468
N_TRIANGLES = 898
_METRES_FROM_CENTIMETRES = 0.01

# Field numbers of GeometryPipelineMetadata, Mesh3d and WeightedLandmarkRef (Apache-2.0), in
# mediapipe/modules/face_geometry/protos/.
_CANONICAL_MESH, _BASIS = 1, 2
_VERTEX_BUFFER, _INDEX_BUFFER = 3, 4
_LANDMARK_ID, _WEIGHT = 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class CanonicalFace:
    """The neutral reference face.

    `neutral_m` (468, 3) float32, head space; `triangles` (898, 3) int32, counter-clockwise seen
    from outside; `uv` (468, 2) float32, 0 to 1, origin at the bottom left; `procrustes_weights`
    (468,) float64, how much each landmark counts when the pose is solved, mostly 0.
    """

    neutral_m: Float32Array
    triangles: IndexArray
    uv: Float32Array
    procrustes_weights: Float64Array


def read_canonical_face(metadata: bytes) -> CanonicalFace:
    """Read `geometry_pipeline_metadata_landmarks.binarypb`.

    Parameters
    ----------
    metadata : the file

    Raises
    ------
    WeightsCorrupt
        It is no such message, or has other counts than 468 vertices and 898 triangles.
    """
    fields = read_fields(metadata)
    meshes = read_messages(fields, _CANONICAL_MESH)
    if len(meshes) != 1:
        raise WeightsCorrupt(
            f"The geometry metadata holds {len(meshes)} canonical meshes, expected 1. "
            "Get the file again."
        )
    vertices = read_floats(meshes[0], _VERTEX_BUFFER)  # x, y, z, u, v of each vertex
    indices = read_integers(meshes[0], _INDEX_BUFFER)
    if len(vertices) != 5 * N_VERTICES or len(indices) != 3 * N_TRIANGLES:
        raise WeightsCorrupt(
            f"The canonical mesh has {len(vertices)} vertex values and {len(indices)} indices, "
            f"expected {5 * N_VERTICES} and {3 * N_TRIANGLES}. Get the file again."
        )
    table = vertices.reshape(N_VERTICES, 5).astype(np.float64)
    uv = table[:, 3:]
    uv[:, 1] = 1.0 - uv[:, 1]  # the file's origin is at the top left
    return CanonicalFace(
        # Already x to the viewer's right, which is the subject's left, y up and z to the viewer.
        neutral_m=(table[:, :3] * _METRES_FROM_CENTIMETRES).astype(np.float32),
        triangles=np.array(indices, np.int32).reshape(N_TRIANGLES, 3),
        uv=uv.astype(np.float32),
        procrustes_weights=_procrustes_weights(read_messages(fields, _BASIS)),
    )


def _procrustes_weights(basis: list[Fields]) -> Float64Array:
    """Spread the weights of some landmarks over all, shape (468,)."""
    weights = np.zeros(N_VERTICES)
    for entry in basis:
        # Protobuf leaves fields that are 0 out: landmark 0 has no number.
        index, weight = entry.get(_LANDMARK_ID, [0])[0], entry.get(_WEIGHT, [b"\0\0\0\0"])[0]
        if not isinstance(index, int) or not isinstance(weight, bytes) or index >= N_VERTICES:
            raise WeightsCorrupt("The geometry metadata's Procrustes basis cannot be read")
        weights[index] = struct.unpack("<f", weight)[0]
    return weights
