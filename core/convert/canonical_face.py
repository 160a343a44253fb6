"""MediaPipe's geometry metadata → the canonical face in our units and conventions."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from ..arrays import Float32Array, Float64Array, IndexArray
from ..errors import WeightsCorrupt
from ..landmarks.topology import LEFT_EYE, RIGHT_EYE
from .protobuf_wire import Fields, read_fields, read_floats, read_integers, read_messages

N_VERTICES = 468
N_TRIANGLES = 898
IRIS_RADIUS_M = 0.00585
"""Half of 11.7 mm: a human iris hardly differs from another."""
_IRIS_OFFSETS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]], np.float64)
"""The centre, and right, top, left and bottom as seen: in head space, x grows to the right."""
_UV_HEIGHT = 0.45
"""In the texture an iris is flattened, to lie between the lids: nothing there may be covered."""
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


def with_irises(face: CanonicalFace) -> CanonicalFace:
    """Give the canonical face the irises that meshes of 478 points have.

    Parameters
    ----------
    face : of 468 vertices, whose eyes are covered by triangles from lid to lid

    Returns
    -------
    CanonicalFace
        Of 478 vertices and 918 triangles, one piece as before: from the lids to the iris, and
        within the iris. As MediaPipe's network has them, irises lie at the mean depth of the ring
        of lids; in front of their tops and bottoms the lids lie 2 mm nearer.
    """
    vertices, uv, triangles = [face.neutral_m], [face.uv], face.triangles
    for first, ring, is_on_the_right in ((468, RIGHT_EYE, True), (473, LEFT_EYE, False)):
        lids = list(ring)
        triangles = triangles[~np.isin(triangles, lids).all(1)]
        middle = face.neutral_m[lids].astype(np.float64).mean(0)
        points = middle + IRIS_RADIUS_M * _IRIS_OFFSETS
        # What a straight line makes of the lids' texture coordinates.
        design = np.column_stack([face.neutral_m[lids, :2], np.ones(len(lids))])
        line = np.linalg.lstsq(design, face.uv[lids].astype(np.float64), rcond=None)[0]
        vertices.append(points.astype(np.float32))
        flat = middle + IRIS_RADIUS_M * _IRIS_OFFSETS * (1.0, _UV_HEIGHT, 1.0)
        uv.append((np.column_stack([flat[:, :2], np.ones(len(flat))]) @ line).astype("f4"))
        around = _eye_triangles(lids, first=first, is_on_the_right=is_on_the_right)
        triangles = np.concatenate([triangles, np.array(around, np.int32)])
    return CanonicalFace(
        neutral_m=np.concatenate(vertices),
        triangles=triangles,
        uv=np.concatenate(uv),
        procrustes_weights=np.concatenate([face.procrustes_weights, np.zeros(10)]),
    )


def _eye_triangles(ring: list[int], *, first: int, is_on_the_right: bool) -> list[list[int]]:
    """Join the ring of the lids to the iris, and the iris to its centre.

    Parameters
    ----------
    ring : 16 vertices from the outer corner along the lower lid and back along the upper
    first : vertex of the iris's centre; its right, top, left and bottom as seen follow
    is_on_the_right : of the subject, so that the outer corner is on the left as seen
    """
    right, top, left, bottom = range(first + 1, first + 5)
    # A quarter of the ring faces each of these: the outer corner, the lower lid, and so on.
    inner = [left, bottom, right, top] if is_on_the_right else [right, bottom, left, top]
    triangles = []
    for quarter, (here, following) in enumerate(zip(inner, [*inner[1:], inner[0]], strict=True)):
        lids = [ring[(4 * quarter + step) % 16] for step in range(-2, 3)]
        triangles += [[lids[k], lids[k + 1], here] for k in range(4)]
        triangles += [[lids[4], following, here], [here, following, first]]
    # The ring of the subject's left eye runs the other way round.
    return triangles if is_on_the_right else [corners[::-1] for corners in triangles]


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
