"""One face's expression by the carrier that was asked for, on a new object or a standing one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy

from ...core.export import write_pc2
from ...core.pipeline import CarriedExpression
from ...core.settings import MeshSettings
from .absolute_keys import add_absolute_keys
from .actions import Keys, drop_action
from .mesh_cache import MESH_CACHE, add_mesh_cache
from .mesh_object import SUBDIVISION, add_object, add_subdivision, polygon_mesh
from .shape_keys import add_shape_keys
from .vertex_curves import add_vertex_curves


@dataclass(frozen=True, slots=True, eq=False)
class ExpressionPlan:
    """How a face is carried.

    `modifier` subdivides what `carried` does not already; `cache` is the file of the carrier
    `cache`.
    """

    carried: CarriedExpression
    keys: Keys
    modifier: MeshSettings
    cache: Path


def add_carried_face(
    name: str, collection: bpy.types.Collection, plan: ExpressionPlan
) -> bpy.types.Object:
    """Make a face's mesh object and animate its expression."""
    face = add_object(name, collection, _neutral_mesh(name, plan))
    _animate(face, plan)
    return face


def renew_carried_face(face: bpy.types.Object, plan: ExpressionPlan) -> None:
    """Give a face object another mesh and expression in the place of its own.

    Its name, parent, constraints, materials and every modifier that is not ours stay. The old mesh
    is removed unless something else uses it.
    """
    old = face.data
    mesh = _neutral_mesh(face.name, plan)
    for material in old.materials:
        mesh.materials.append(material)
    face.data = mesh
    if old.users == 0:
        for block in (old, old.shape_keys):
            if block is not None:
                drop_action(block)
        bpy.data.meshes.remove(old)
        mesh.name = face.name
    for modifier in _own_modifiers(face):
        face.modifiers.remove(modifier)
    _animate(face, plan)
    # Ours deform first; what the artist added works on their result, as it did before.
    for place, modifier in enumerate(_own_modifiers(face)):
        face.modifiers.move(face.modifiers.find(modifier.name), place)


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
    if carried.carrier == "shape-keys":
        add_shape_keys(
            face,
            offsets_m=carried.offsets_m,
            weights=carried.weights,
            names=carried.names,
            keys=keys,
        )
    elif carried.carrier == "cache":
        first_frame = carried.first_frame
        write_pc2(plan.cache, carried.positions_m, start_frame=float(first_frame), sample_rate=1.0)
        add_mesh_cache(face, path=plan.cache, start_frame=first_frame)
    else:
        add = add_absolute_keys if carried.carrier == "absolute-keys" else add_vertex_curves
        add(face, positions_m=carried.positions_m, keys=keys)
    add_subdivision(face, plan.modifier)


def _own_modifiers(face: bpy.types.Object) -> list[bpy.types.Modifier]:
    """List the modifiers that Mien adds, by their names."""
    own = ((MESH_CACHE, "MESH_CACHE"), (SUBDIVISION, "SUBSURF"))
    return [one for one in face.modifiers if (one.name, one.type) in own]
