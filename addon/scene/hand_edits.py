"""What an artist changed by hand on a face is noticed, and kept when the face is built again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import bpy
import numpy as np

from .actions import curves_of

BUILT = "mien_built"
"""Custom property of a face: the fingerprint of its mesh and curves as Mien built them."""
_VALUES = {
    "FLOAT": ("value", 1, np.float32),
    "INT": ("value", 1, np.int32),
    "BOOLEAN": ("value", 1, bool),
    "FLOAT_VECTOR": ("vector", 3, np.float32),
    "FLOAT2": ("vector", 2, np.float32),
    "FLOAT_COLOR": ("color", 4, np.float32),
    "BYTE_COLOR": ("color", 4, np.float32),
}
"""How the values of an attribute are read, by its type."""


def remember_as_built(face: bpy.types.Object) -> None:
    """Note what a face is like before anyone touches it."""
    face[BUILT] = _fingerprint(face)


def is_edited(face: bpy.types.Object) -> bool:
    """Say whether keys, shapes or the mesh differ from what was built."""
    built = face.get(BUILT)
    return isinstance(built, str) and built != _fingerprint(face)


def keep_edits(face: bpy.types.Object) -> list[str]:
    """Put a face's actions and a copy of its mesh aside, before the face is built again.

    Returns
    -------
    list of str
        Their names, as they are now.
    """
    mesh = face.data.copy()  # with its shape keys, and these with their action
    mesh.name = f"{face.data.name} (edited)"
    kept = [mesh]
    for block in (face, face.data, face.data.shape_keys):
        data = None if block is None else block.animation_data
        if data is not None and data.action is not None:
            data.action.name = f"{data.action.name} (edited)"
            kept.append(data.action)
    for block in kept:
        block.use_fake_user = True
    return [block.name for block in kept]


def _fingerprint(face: bpy.types.Object) -> str:
    """Return a hash of a face's mesh, shape keys, curves and drivers."""
    digest = hashlib.sha1(usedforsecurity=False)
    mesh, keys = face.data, face.data.shape_keys
    for part in _mesh_parts(mesh):
        digest.update(part)
    digest.update(_words(group.name for group in face.vertex_groups))
    if face.vertex_groups:
        digest.update(_weights(mesh))
    for block in () if keys is None else keys.key_blocks:
        digest.update(_coordinates(block.points if hasattr(block, "points") else block.data))
        limits = block.slider_min, block.slider_max, block.mute, block.vertex_group
        digest.update(_words((block.name, block.relative_key.name, *map(str, limits))))
    for block in (face, mesh, keys):
        if block is not None:
            for part in _curve_parts(block):
                digest.update(part)
    return digest.hexdigest()


def _mesh_parts(mesh: bpy.types.Mesh) -> Iterator[bytes]:
    """Yield a mesh's vertices, polygons and attributes."""
    # Vertices that curves move stand where the last frame that was shown has put them.
    if not any(curve.data_path.startswith("vertices[") for curve in curves_of(mesh)):
        yield _coordinates(mesh.vertices)
    yield _numbers(mesh.loops, "vertex_index")
    yield _numbers(mesh.polygons, "loop_start")
    yield _numbers(mesh.polygons, "material_index")
    for attribute in mesh.attributes:
        # Blender's own (positions, edges) are above; what is selected or hidden is no edit.
        if attribute.data_type in _VALUES and not attribute.name.startswith((".", "position")):
            name, n_values, dtype = _VALUES[attribute.data_type]
            values = np.zeros(len(attribute.data) * n_values, dtype)
            attribute.data.foreach_get(name, values)
            yield _words((attribute.name, attribute.domain)) + values.tobytes()


def _curve_parts(block: bpy.types.ID) -> Iterator[bytes]:
    """Yield the curves and drivers of a data-block."""
    for curve in curves_of(block):
        modifiers = [f"{one.type} {one.mute}" for one in curve.modifiers]
        place = curve.data_path, str(curve.array_index), str(curve.mute), curve.extrapolation
        yield _words((*place, *modifiers)) + _curve_points(curve)
    data = block.animation_data
    for driver in () if data is None else data.drivers:
        yield _words((driver.data_path, str(driver.array_index), driver.driver.expression))


def _words(texts: Iterable[str]) -> bytes:
    """Return texts as bytes that tell where each ends."""
    return "\0".join([*texts, ""]).encode("utf-8", "surrogateescape")


def _coordinates(points: bpy.types.bpy_prop_collection) -> bytes:
    """Return the places of vertices as bytes."""
    values = np.zeros(len(points) * 3, np.float32)
    points.foreach_get("co", values)
    return values.tobytes()


def _numbers(items: bpy.types.bpy_prop_collection, name: str) -> bytes:
    """Return a whole number of each item as bytes."""
    values = np.zeros(len(items), np.int32)
    items.foreach_get(name, values)
    return values.tobytes()


def _weights(mesh: bpy.types.Mesh) -> bytes:
    """Return the vertices' weights in their groups as bytes."""
    pairs = [(one.group, one.weight) for vertex in mesh.vertices for one in vertex.groups]
    return np.array(pairs, np.float64).tobytes()


def _curve_points(curve: bpy.types.FCurve) -> bytes:
    """Return the keys of a curve as bytes."""
    points = curve.keyframe_points
    values = np.zeros(len(points) * 2, np.float32)
    points.foreach_get("co", values)
    kinds = np.zeros(len(points), np.int32)
    points.foreach_get("interpolation", kinds)
    return values.tobytes() + kinds.tobytes()
