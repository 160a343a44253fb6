"""Polygon mesh → mesh object."""

from __future__ import annotations

import bpy
import numpy as np

from ...core.arrays import FloatArray, IndexArray, check_indices, check_shape
from ...core.settings import MeshSettings
from .mesh_cache import NAME as CACHE
from .own_modifier import own_modifier

UV_MAP = "UVMap"
SUBDIVISION = "Mien Subdivision"
"""Not Blender's own name for it: an artist's modifier is hers."""
# At the default of 3 the limit surface is 0.04 mm off at corners of a single polygon.
_QUALITY = 10


def collection_of(scene: bpy.types.Scene, name: str) -> bpy.types.Collection:
    """Make a collection in the scene; Blender numbers the name if it is taken."""
    collection = bpy.data.collections.new(name)
    scene.collection.children.link(collection)
    return collection


def add_mesh_object(
    name: str,
    collection: bpy.types.Collection,
    *,
    positions_m: FloatArray,
    polygons: IndexArray,
    uv: FloatArray,
) -> bpy.types.Object:
    """Make a mesh object: `polygon_mesh`, then `add_object`."""
    mesh = polygon_mesh(name, positions_m=positions_m, polygons=polygons, uv=uv)
    return add_object(name, collection, mesh)


def add_object(
    name: str, collection: bpy.types.Collection, mesh: bpy.types.Mesh
) -> bpy.types.Object:
    """Put a mesh into a collection as an object that turns by quaternions."""
    face = bpy.data.objects.new(name, mesh)
    face.rotation_mode = "QUATERNION"
    collection.objects.link(face)
    return face


def polygon_mesh(
    name: str, *, positions_m: FloatArray, polygons: IndexArray, uv: FloatArray
) -> bpy.types.Mesh:
    """Make a smooth-shaded mesh with one UV map.

    Parameters
    ----------
    name : of the mesh
    positions_m : shape (n_vertices, 3), metres, the object's own axes
    polygons : shape (n_polygons, n_corners), counter-clockwise seen from outside
    uv : shape (n_vertices, 2) or (n_polygons, n_corners, 2), 0 to 1, origin at the bottom left
    """
    check_shape("positions_m", positions_m, ("n_vertices", 3))
    check_shape("polygons", polygons, ("n_polygons", "n_corners"))
    check_indices("polygons", polygons, len(positions_m))
    if uv.ndim == 2:
        check_shape("uv", uv, (len(positions_m), 2))
        uv = uv[polygons]
    check_shape("uv", uv, (*polygons.shape, 2))
    mesh = _filled_mesh(name, positions_m=positions_m, polygons=polygons)
    layer = mesh.uv_layers.new(name=UV_MAP, do_init=False)
    layer.uv.foreach_set("vector", np.ascontiguousarray(uv, np.float32).ravel())
    return mesh


def set_subdivision(face: bpy.types.Object, settings: MeshSettings) -> None:
    """Let a Catmull-Clark modifier subdivide a face, behind its point cache; none for level 0."""
    modifier = own_modifier(face, SUBDIVISION, "SUBSURF", is_wanted=settings.subdivide > 0)
    if modifier is None:
        return
    modifier.levels = modifier.render_levels = settings.subdivide
    modifier.use_limit_surface = settings.use_limit_surface
    modifier.quality = _QUALITY
    if face.modifiers.find(SUBDIVISION) < face.modifiers.find(CACHE):
        face.modifiers.move(face.modifiers.find(SUBDIVISION), face.modifiers.find(CACHE))


def _filled_mesh(name: str, *, positions_m: FloatArray, polygons: IndexArray) -> bpy.types.Mesh:
    """Fill a mesh in bulk; `from_pydata` would make a tuple of every vertex."""
    n_polygons, n_corners = polygons.shape
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(len(positions_m))
    mesh.vertices.foreach_set("co", np.ascontiguousarray(positions_m, np.float32).ravel())
    mesh.loops.add(polygons.size)
    mesh.loops.foreach_set("vertex_index", np.ascontiguousarray(polygons, np.int32).ravel())
    mesh.polygons.add(n_polygons)
    starts = np.arange(0, polygons.size, n_corners, dtype=np.int32)
    mesh.polygons.foreach_set("loop_start", starts)
    mesh.update(calc_edges=True)
    mesh.shade_smooth()
    # A broken polygon would be dropped by validate(), and the vertices' order with it.
    if mesh.validate(verbose=False):
        raise ValueError(f"Polygons of '{name}' are not a mesh: a polygon repeats a vertex")
    return mesh
