"""The carrier `absolute-keys`: one shape key a pose, and evaluation time runs over them."""

from __future__ import annotations

import bpy
import numpy as np

from ...core.arrays import FloatArray, check_shape
from .actions import Channel, Keys, animate
from .shape_keys import BASIS


def add_absolute_keys(face: bpy.types.Object, *, positions_m: FloatArray, keys: Keys) -> None:
    """Give a mesh one absolute shape key a pose.

    Parameters
    ----------
    face : its mesh stands in the neutral pose, which becomes the first key and is never played
    positions_m : shape (n_keys, n_vertices, 3), metres, the object's own axes
    keys : when the poses hold
    """
    check_shape("positions_m", positions_m, (len(keys.frames), len(face.data.vertices), 3))
    face.shape_key_add(name=BASIS, from_mix=False)
    blocks = []
    for index, positions in enumerate(positions_m):
        block = face.shape_key_add(name=f"Pose {index}", from_mix=False)
        block.points.foreach_set("co", np.ascontiguousarray(positions, np.float32).ravel())
        block.interpolation = "KEY_LINEAR"
        blocks.append(block)
    shape_keys = face.data.shape_keys
    shape_keys.use_relative = False
    shape_keys.name = f"{face.name} Expression"
    # Blender chooses where the keys stand, with its own rounding; asking is exact.
    times = np.array([block.frame for block in blocks], np.float32)
    animate(shape_keys, [Channel("eval_time", times, group="Expression")], keys=keys)
