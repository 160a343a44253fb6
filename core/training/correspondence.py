"""Where the 478 landmarks of FaceMesh lie on the layout.

First the canonical face is laid onto the model's: by a similarity and a thin-plate spline through
the landmarks that both name, then to the nearest point of the surface. Afterwards `refined_uv`
moves each landmark to where the engine saw it on average, on portraits the model was fitted to.
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial import cKDTree

from ..arrays import Float32Array, Float64Array, FloatArray, IndexArray
from ..landmarks.topology import FACEMESH_OF_68 as FACEMESH_OF_68
from ..landmarks.topology import mirrored_points
from .layout import MAP_SIZE
from .layout_mesh import Zone

N_MESH, N_WITH_IRISES = 468, 478

_N_JAW = 17
_SPLINE_SMOOTHING = 1e-6


def first_uv(
    canonical_m: FloatArray, map_m: FloatArray, *, zone: IndexArray, landmarks_uv: FloatArray
) -> Float64Array:
    """Lay the canonical face on the neutral map.

    Parameters
    ----------
    canonical_m : shape (478, 3), metres, head space
    map_m : shape (128, 128, 3), the neutral face, metres, head space
    zone : shape (128, 128), as in `Zone`
    landmarks_uv : shape (68, 2), the iBUG landmarks on the layout

    Returns
    -------
    shape (478, 2): u, v of each landmark; the same on both sides of the face
    """
    anchors = np.array(FACEMESH_OF_68[_N_JAW:])
    there = sample_map(map_m, landmarks_uv[_N_JAW:])
    here = canonical_m[anchors].astype(np.float64)
    scale = np.linalg.norm(there - there.mean(0)) / np.linalg.norm(here - here.mean(0))
    placed = (canonical_m - here.mean(0)) * scale + there.mean(0)
    spline = RBFInterpolator(
        placed[anchors], there - placed[anchors], smoothing=_SPLINE_SMOOTHING, degree=1
    )
    warped = placed + spline(placed)
    skin = np.flatnonzero(zone.ravel() == int(Zone.SKIN))
    # What looks inward or back (nostrils, the rolled lips) is no place for a landmark.
    normals = map_normals(map_m).reshape(-1, 3)
    outside = skin[normals[skin, 2] > -0.2]
    _, nearest = cKDTree(map_m.reshape(-1, 3)[outside]).query(warped)
    row, column = np.divmod(outside[nearest], MAP_SIZE)
    uv = np.stack([column, row], axis=1) / (MAP_SIZE - 1.0)
    uv[anchors] = landmarks_uv[_N_JAW:]
    return symmetric_uv(uv)


def symmetric_uv(uv: FloatArray) -> Float64Array:
    """Average each landmark with the mirrored one of the other side."""
    partner = mirrored_points(len(uv))
    mirrored = np.stack([1.0 - uv[partner, 0], uv[partner, 1]], axis=1)
    return np.asarray(0.5 * (uv + mirrored), np.float64)


def refined_uv(uv: FloatArray, step_m: FloatArray, map_m: FloatArray) -> Float64Array:
    """Move landmarks along the surface.

    Parameters
    ----------
    uv : shape (n, 2)
    step_m : shape (n, 2), by how much across and up they should move on the neutral face
    map_m : shape (128, 128, 3), the neutral face
    """
    delta = 0.5 / MAP_SIZE
    steps = np.diag([delta, delta])
    along_u, along_v = (sample_map(map_m, uv + s) - sample_map(map_m, uv - s) for s in steps)
    jacobian = np.stack([along_u[:, :2], along_v[:, :2]], axis=2) / (2.0 * delta)
    # Damped: where the surface turns away, a small step in the picture is a long one on the map.
    damping = 0.03**2 * np.eye(2)
    gram = np.einsum("nij,nik->njk", jacobian, jacobian) + damping
    right = np.einsum("nij,ni->nj", jacobian, step_m)
    step = np.linalg.solve(gram, right[..., None])[..., 0]
    return symmetric_uv(np.clip(uv + np.clip(step, -0.03, 0.03), 0.0, 1.0))


def sample_map(values: FloatArray, uv: FloatArray) -> Float64Array:
    """Return a map (height, width, n) at places (m, 2), bilinear: shape (m, n)."""
    size = np.array([values.shape[1] - 1, values.shape[0] - 1])
    place = np.clip(uv, 0.0, 1.0) * size
    low = np.minimum(place.astype(int), size - 1)
    (fx, fy), (x, y) = (place - low).T[..., None], low.T
    top = (1.0 - fx) * values[y, x] + fx * values[y, x + 1]
    bottom = (1.0 - fx) * values[y + 1, x] + fx * values[y + 1, x + 1]
    return np.asarray((1.0 - fy) * top + fy * bottom, np.float64)


def map_normals(map_m: FloatArray) -> Float32Array:
    """Return unit normals, out of the face, of a map (height, width, 3) in head space."""
    along_v, along_u = np.gradient(map_m.astype(np.float32), axis=(0, 1))
    normal = np.cross(along_v, along_u)
    length = np.linalg.norm(normal, axis=-1, keepdims=True)
    return np.asarray(normal / np.maximum(length, 1e-12), np.float32)
