"""One face's expression, by the carrier that was asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import bpy

from ...core.animate import blendshapes_from_positions, neutral_face, resample_uniform
from ...core.export import write_pc2
from ...core.mesh import FaceSurface, face_surface
from ...core.records import Performance
from ...core.settings import AnimateSettings, MeshSettings
from ...core.spaces import scene_from_head
from .absolute_keys import add_absolute_keys
from .mesh_cache import add_mesh_cache
from .mesh_object import add_mesh_object, add_subdivision
from .shape_keys import add_shape_keys
from .timeline import SceneRate, pose_keys
from .vertex_curves import add_vertex_curves


@dataclass(frozen=True, slots=True)
class ExpressionPlan:
    """How a face is carried.

    `is_baked` subdivides by Mien's own stencils instead of a modifier, for formats that lose one.
    `cache` is the file of the carrier `cache`.
    """

    animate: AnimateSettings
    mesh: MeshSettings
    cache: Path
    is_baked: bool = False


@dataclass(frozen=True, slots=True)
class CarriedFace:
    """A face object with its expression, and what carrying it took."""

    face: bpy.types.Object
    n_blendshapes: int = 0
    worst_error_m: float = 0.0


def add_carried_face(
    name: str,
    collection: bpy.types.Collection,
    *,
    performance: Performance,
    plan: ExpressionPlan,
    rate: SceneRate,
) -> CarriedFace:
    """Make a face's mesh object and animate its expression.

    Parameters
    ----------
    name : of the object
    collection : where it goes
    performance : at least one frame has a pose
    plan : carrier, subdivision
    rate : the scene's
    """
    # A modifier subdivides what is not baked.
    baked = plan.mesh if plan.is_baked else replace(plan.mesh, subdivide=0)
    surface = face_surface(performance.topology, baked)
    keys = pose_keys(performance, rate_hz=rate.hz)
    carrier = plan.animate.carrier
    poses_m = performance.geometry.head_m[performance.is_present]
    neutral_m = neutral_face(poses_m, reference_m=performance.topology.neutral_m)
    face = add_mesh_object(
        name,
        collection,
        positions_m=surface.carry(scene_from_head(neutral_m)[None])[0],
        polygons=surface.polygons,
        uv=surface.uv,
    )
    if carrier == "shape-keys":
        animation = blendshapes_from_positions(
            poses_m,
            neutral_m=neutral_m,
            tolerance_m=plan.animate.tolerance_m,
            max_blendshapes=plan.animate.max_blendshapes,
        )
        offsets_m = surface.carry(scene_from_head(animation.offsets_m))
        add_shape_keys(
            face, offsets_m=offsets_m, weights=animation.weights, names=animation.names, keys=keys
        )
        carried = CarriedFace(face, len(animation.names), animation.worst_error_m)
    else:
        carried = CarriedFace(face)
        if carrier == "cache":
            _add_cache(face, performance, path=plan.cache, rate=rate, surface=surface)
        else:
            add = add_absolute_keys if carrier == "absolute-keys" else add_vertex_curves
            add(face, positions_m=surface.carry(scene_from_head(poses_m)), keys=keys)
    if not plan.is_baked:
        add_subdivision(face, plan.mesh)
    return carried


def _add_cache(
    face: bpy.types.Object,
    performance: Performance,
    *,
    path: Path,
    rate: SceneRate,
    surface: FaceSurface,
) -> None:
    """Write the point cache, one sample a scene frame, and let it move the face."""
    samples = resample_uniform(performance.geometry.head_m, performance.time_s, rate_hz=rate.hz)
    write_pc2(
        path,
        surface.carry(scene_from_head(samples.values)),
        start_frame=float(samples.first_frame),
        sample_rate=1.0,
    )
    add_mesh_cache(face, path=path, start_frame=samples.first_frame)
