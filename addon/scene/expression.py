"""One face's expression by the carrier that was asked for, on a new object or a standing one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from ...core.export import write_pc2
from ...core.pipeline import CarriedExpression
from ...core.settings import MeshSettings
from .absolute_keys import add_absolute_keys
from .actions import Keys, drop_action
from .mesh_cache import set_mesh_cache
from .mesh_object import add_object, polygon_mesh, set_subdivision
from .shape_keys import add_shape_keys, clear_shape_keys
from .vertex_curves import add_vertex_curves


@dataclass(frozen=True, slots=True, eq=False)
class ExpressionPlan:
    """How a face is carried.

    `modifier` subdivides what `carried` does not already; `cache` is the file of the carrier
    `cache`, which `write_cache` has written.
    """

    carried: CarriedExpression
    keys: Keys
    modifier: MeshSettings
    cache: Path


def write_cache(carried: CarriedExpression, path: Path) -> None:
    """Write the point cache of a face whose carrier is `cache`, one sample a scene frame.

    Raises
    ------
    ExportError
        It cannot be written; nothing of it is left.
    """
    write_pc2(path, carried.positions_m, start_frame=float(carried.first_frame), sample_rate=1.0)


def add_carried_face(
    name: str, collection: bpy.types.Collection, plan: ExpressionPlan
) -> bpy.types.Object:
    """Make a face's mesh object and animate its expression."""
    face = add_object(name, collection, _neutral_mesh(name, plan))
    _animate(face, plan)
    return face


def renew_carried_face(face: bpy.types.Object, plan: ExpressionPlan) -> None:
    """Give a standing face another shape and another expression.

    The object and its mesh stay, with all that an artist has put on them: name, parent,
    constraints, modifiers, materials, vertex groups, attributes, holes. Only a mesh that has
    another number of vertices makes room for a new one.
    """
    if face.data.users - face.data.use_fake_user > 1:  # others keep theirs
        face.data = face.data.copy()
    drop_action(face.data)
    if len(face.data.vertices) == len(plan.carried.neutral_m):
        neutral = np.ascontiguousarray(plan.carried.neutral_m, np.float32)
        clear_shape_keys(face, is_basis_kept=plan.carried.carrier == "shape-keys")
        face.data.vertices.foreach_set("co", neutral.ravel())
        if face.data.shape_keys is not None:
            face.data.shape_keys.key_blocks[0].points.foreach_set("co", neutral.ravel())
        face.data.update()
    else:
        _exchange_mesh(face, plan)
    _animate(face, plan)


def _exchange_mesh(face: bpy.types.Object, plan: ExpressionPlan) -> None:
    """Put a new mesh in the place of one that has other vertices."""
    old = face.data
    mesh = _neutral_mesh(face.name, plan)
    for material in old.materials:
        mesh.materials.append(material)
    face.data = mesh
    if old.users == 0:
        if old.shape_keys is not None:
            drop_action(old.shape_keys)
        bpy.data.meshes.remove(old)
        mesh.name = face.name


def _neutral_mesh(name: str, plan: ExpressionPlan) -> bpy.types.Mesh:
    """Make the mesh of a face at rest."""
    carried = plan.carried
    return polygon_mesh(
        name,
        positions_m=carried.neutral_m,
        polygons=carried.surface.polygons,
        uv=carried.surface.uv,
    )


def _animate(face: bpy.types.Object, plan: ExpressionPlan) -> None:
    """Let a face at rest move, and subdivide it."""
    carried, keys = plan.carried, plan.keys
    is_cached = carried.carrier == "cache"
    if carried.carrier == "shape-keys":
        add_shape_keys(
            face,
            offsets_m=carried.offsets_m,
            weights=carried.weights,
            names=carried.names,
            keys=keys,
        )
    elif not is_cached:
        add = add_absolute_keys if carried.carrier == "absolute-keys" else add_vertex_curves
        add(face, positions_m=carried.positions_m, keys=keys)
    set_mesh_cache(face, path=plan.cache if is_cached else None, start_frame=carried.first_frame)
    set_subdivision(face, plan.modifier)
