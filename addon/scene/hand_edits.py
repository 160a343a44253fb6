"""What an artist changed by hand on a face is noticed, and kept when the face is built again."""

from __future__ import annotations

import hashlib

import bpy
import numpy as np

from .actions import curves_of

BUILT = "mien_built"
"""Custom property of a face: the fingerprint of its mesh and curves as Mien built them."""


def remember_as_built(face: bpy.types.Object) -> None:
    """Note what a face is like before anyone touches it."""
    face[BUILT] = _fingerprint(face)


def is_edited(face: bpy.types.Object) -> bool:
    """Say whether keys, shapes or the mesh differ from what was built."""
    built = face.get(BUILT)
    return isinstance(built, str) and built != _fingerprint(face)


def keep_edits(face: bpy.types.Object) -> list[str]:
    """Let the file keep a face's actions and mesh once the face lets go of them.

    Returns
    -------
    list of str
        Their names, as they are now.
    """
    kept = []
    mesh, keys = face.data, face.data.shape_keys
    for block in (face, mesh, keys):
        data = None if block is None else block.animation_data
        if data is not None and data.action is not None:
            kept.append(data.action)
    # The mesh holds on to its shape keys, and these to their action.
    kept.append(mesh)
    for block in kept:
        block.name = f"{block.name} (edited)"
        block.use_fake_user = True
    return [block.name for block in kept]


def _fingerprint(face: bpy.types.Object) -> str:
    """Return a hash of a face's vertices, shape keys and F-curves."""
    digest = hashlib.sha1(usedforsecurity=False)
    mesh = face.data
    is_moved_by_curves = any(curve.data_path.startswith("vertices[") for curve in curves_of(mesh))
    # Then the vertices stand where the last frame that was shown has put them.
    digest.update(b"" if is_moved_by_curves else _coordinates(mesh.vertices))
    if mesh.shape_keys is not None:
        for block in mesh.shape_keys.key_blocks:
            digest.update(block.name.encode())
            digest.update(_coordinates(block.points if hasattr(block, "points") else block.data))
    for block in (face, mesh, mesh.shape_keys):
        if block is None:
            continue
        for curve in curves_of(block):
            digest.update(f"{curve.data_path}[{curve.array_index}]".encode())
            digest.update(_curve_points(curve))
    return digest.hexdigest()


def _coordinates(points: bpy.types.bpy_prop_collection) -> bytes:
    """Return the places of vertices as bytes."""
    values = np.zeros(len(points) * 3, np.float32)
    points.foreach_get("co", values)
    return values.tobytes()


def _curve_points(curve: bpy.types.FCurve) -> bytes:
    """Return the keys of a curve as bytes."""
    points = curve.keyframe_points
    values = np.zeros(len(points) * 2, np.float32)
    points.foreach_get("co", values)
    kinds = np.zeros(len(points), np.int32)
    points.foreach_get("interpolation", kinds)
    return values.tobytes() + kinds.tobytes()
