"""Where core's spaces meet Blender's world: metres, +Z up, a face looks along −Y."""

from __future__ import annotations

import numpy as np

from ...core.arrays import Float64Array, FloatArray, check_shape
from ...core.records import FaceGeometry

BLENDER_FROM_YUP = np.array(
    [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
)
"""+90° about X, (x, y, z) → (x, −z, y): head space to a face object's own axes (`scene_from_head`
in core), and a camera's axes to a camera that looks along +Y."""


def world_from_camera_of(geometry: FaceGeometry) -> Float64Array:
    """Place the camera so that it looks along +Y at a head whose median lies at the origin.

    Parameters
    ----------
    geometry : the first face of a take; at least one frame has a pose

    Returns
    -------
    shape (4, 4), float64, metres
        It holds for every face of the take.
    """
    centre = np.nanmedian(geometry.camera_from_head[:, :3, 3], axis=0)
    world = BLENDER_FROM_YUP.copy()
    world[:3, 3] = -BLENDER_FROM_YUP[:3, :3] @ centre
    return world


def world_from_local(
    camera_from_head: FloatArray, *, world_from_camera: FloatArray
) -> Float64Array:
    """Return the object matrices of a face.

    Parameters
    ----------
    camera_from_head : shape (n_frames, 4, 4), NaN where lost
    world_from_camera : shape (4, 4)

    Returns
    -------
    shape (n_frames, 4, 4), float64
        NaN where lost.
    """
    check_shape("camera_from_head", camera_from_head, ("n_frames", 4, 4))
    return np.asarray(world_from_camera @ camera_from_head @ BLENDER_FROM_YUP.T, np.float64)


def placed(
    world_from_camera: FloatArray, *, origin: tuple[float, float, float], units_per_m: float
) -> Float64Array:
    """Carry a camera, with all that it sees, to another place in a scene of other units.

    Parameters
    ----------
    world_from_camera : shape (4, 4), metres
    origin : where the world's origin goes, in the scene's units
    units_per_m : the scene's units in a metre

    Returns
    -------
    shape (4, 4), float64
        A similarity: it scales by `units_per_m`.
    """
    moved = np.diag([units_per_m, units_per_m, units_per_m, 1.0]) @ world_from_camera
    moved[:3, 3] += origin
    return np.asarray(moved, np.float64)
