"""The carrier `shape-keys`: few shape keys with one F-curve each, on a neutral Basis."""

from __future__ import annotations

import bpy
import numpy as np

from ...core.arrays import FloatArray, check_shape
from .actions import Channel, Keys, animate, drop_action

BASIS = "Basis"
_MANY = 1000


def clear_shape_keys(face: bpy.types.Object, *, is_basis_kept: bool) -> None:
    """Take the shape keys and their curves away.

    Parameters
    ----------
    face : the mesh object
    is_basis_kept : leaves the Basis, and with it whatever drivers elsewhere hold on to
    """
    shape_keys = face.data.shape_keys
    if shape_keys is None:
        return
    drop_action(shape_keys)
    blocks = shape_keys.key_blocks
    # One by one they go slowly; that many belong to another carrier, which nobody drives from.
    if not is_basis_kept or not shape_keys.use_relative or len(blocks) > _MANY:
        face.shape_key_clear()
        return
    for block in reversed(blocks[1:]):
        face.shape_key_remove(block)


def add_shape_keys(
    face: bpy.types.Object,
    *,
    offsets_m: FloatArray,
    weights: FloatArray,
    names: tuple[str, ...],
    keys: Keys,
) -> None:
    """Give a mesh at rest its shape keys, and their values over time.

    Parameters
    ----------
    face : its mesh stands in the neutral pose
    offsets_m : shape (n_blendshapes, n_vertices, 3), metres, the object's own axes
    weights : shape (n_keys, n_blendshapes), 0 to 1
    names : one a blendshape
    keys : when the weights hold
    """
    n_vertices = len(face.data.vertices)
    check_shape("offsets_m", offsets_m, (len(names), n_vertices, 3))
    check_shape("weights", weights, (len(keys.frames), len(names)))
    neutral = np.zeros(n_vertices * 3, np.float32)
    face.data.vertices.foreach_get("co", neutral)
    if face.data.shape_keys is None:
        face.shape_key_add(name=BASIS, from_mix=False)
    channels = []
    for name, offset, values in zip(names, offsets_m, weights.T, strict=True):
        block = face.shape_key_add(name=name, from_mix=False)
        block.slider_min, block.slider_max = 0.0, 1.0
        block.points.foreach_set("co", neutral + offset.ravel().astype(np.float32))
        path = f'key_blocks["{bpy.utils.escape_identifier(block.name)}"].value'
        channels.append(Channel(path, values, group="Shape Keys"))
    face.data.shape_keys.name = f"{face.name} Expression"
    if channels:
        animate(face.data.shape_keys, channels, keys=keys)
