"""The head's motion: location, rotation and scale of the face object."""

from __future__ import annotations

import bpy
import numpy as np

from ...core.arrays import FloatArray, check_shape
from ...core.spaces import quaternions_of_rotations
from .actions import Channel, Keys, animate


def animate_object(obj: bpy.types.Object, matrices: FloatArray, *, keys: Keys) -> None:
    """Key an object's location, rotation and scale, and put it at the first key.

    Parameters
    ----------
    obj : the object; its rotation becomes a quaternion
    matrices : shape (n_keys, 4, 4), similarities, world from the object's own axes
    keys : when the matrices hold
    """
    check_shape("matrices", matrices, (len(keys.frames), 4, 4))
    locations = matrices[:, :3, 3]
    scales = np.cbrt(np.linalg.det(matrices[:, :3, :3]))
    rotations = quaternions_of_rotations(matrices[:, :3, :3] / scales[:, None, None])
    obj.rotation_mode = "QUATERNION"
    obj.location, obj.rotation_quaternion = locations[0], rotations[0]
    obj.scale = [scales[0]] * 3
    channels = [Channel("location", locations[:, axis], axis, "Head") for axis in range(3)]
    channels += [
        Channel("rotation_quaternion", rotations[:, axis], axis, "Head") for axis in range(4)
    ]
    channels += [Channel("scale", scales, axis, "Head") for axis in range(3)]
    animate(obj, channels, keys=keys)
