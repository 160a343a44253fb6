"""One face's expression, by the carrier that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy

from ...core.animate import blendshapes_from_positions, neutral_face, resample_uniform
from ...core.arrays import FloatArray
from ...core.export import write_pc2
from ...core.mesh import Subdivision, polygon_mesh, subdivide_positions, subdivision
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
    baking = _baking(performance, plan)
    keys = pose_keys(performance, rate_hz=rate.hz)
    carrier = plan.animate.carrier
    poses_m = performance.geometry.head_m[performance.is_present]
    neutral_m = neutral_face(poses_m, reference_m=performance.topology.neutral_m)
    face = _neutral_face(
        name, collection, performance=performance, neutral_m=neutral_m, baking=baking
    )
    if carrier == "shape-keys":
        animation = blendshapes_from_positions(
            poses_m,
            neutral_m=neutral_m,
            tolerance_m=plan.animate.tolerance_m,
            max_blendshapes=plan.animate.max_blendshapes,
        )
        offsets_m = _baked(scene_from_head(animation.offsets_m), baking)
        add_shape_keys(
            face, offsets_m=offsets_m, weights=animation.weights, names=animation.names, keys=keys
        )
        carried = CarriedFace(face, len(animation.names), animation.worst_error_m)
    else:
        carried = CarriedFace(face)
        if carrier == "cache":
            _add_cache(face, performance, path=plan.cache, rate=rate, baking=baking)
        else:
            add = add_absolute_keys if carrier == "absolute-keys" else add_vertex_curves
            add(face, positions_m=_baked(scene_from_head(poses_m), baking), keys=keys)
    if baking is None:
        add_subdivision(face, plan.mesh)
    return carried


def _baking(performance: Performance, plan: ExpressionPlan) -> Subdivision | None:
    """Return Mien's own subdivision, None where a modifier does it or none is wanted."""
    if not plan.is_baked or plan.mesh.subdivide == 0:
        return None
    topology = performance.topology
    return subdivision(
        polygon_mesh(topology.triangles, n_vertices=len(topology.neutral_m)),
        levels=plan.mesh.subdivide,
        use_limit_surface=plan.mesh.use_limit_surface,
    )


def _baked(values_m: FloatArray, baking: Subdivision | None) -> FloatArray:
    """Subdivide positions or offsets (n, n_vertices, 3)."""
    return values_m if baking is None else subdivide_positions(baking.stencil, values_m)


def _neutral_face(
    name: str,
    collection: bpy.types.Collection,
    *,
    performance: Performance,
    neutral_m: FloatArray,
    baking: Subdivision | None,
) -> bpy.types.Object:
    """Make the mesh object in its neutral shape."""
    topology = performance.topology
    polygons, uv = topology.triangles, topology.uv
    if baking is not None:
        polygons = baking.mesh.face_rows()
        uv = subdivide_positions(baking.uv_stencil, uv[None])[0]
    positions_m = _baked(scene_from_head(neutral_m)[None], baking)[0]
    return add_mesh_object(name, collection, positions_m=positions_m, polygons=polygons, uv=uv)


def _add_cache(
    face: bpy.types.Object,
    performance: Performance,
    *,
    path: Path,
    rate: SceneRate,
    baking: Subdivision | None,
) -> None:
    """Write the point cache, one sample a scene frame, and let it move the face."""
    samples = resample_uniform(performance.geometry.head_m, performance.time_s, rate_hz=rate.hz)
    write_pc2(
        path,
        _baked(scene_from_head(samples.values), baking),
        start_frame=float(samples.first_frame),
        sample_rate=1.0,
    )
    add_mesh_cache(face, path=path, start_frame=samples.first_frame)
