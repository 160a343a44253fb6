"""Solved faces → a scene: meshes, their animation, their motion, the camera that saw them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from ...core.arrays import FloatArray
from ...core.errors import NoFace
from ...core.records import OnProgress, Performance, Progress, silent
from ...core.settings import AnimateSettings, MeshSettings
from .axes import world_from_camera_of, world_from_local
from .expression import CarriedFace, ExpressionPlan, add_carried_face
from .face_material import add_face_material
from .footage_camera import add_footage_camera, put_footage_behind
from .head_motion import animate_object
from .mesh_object import collection_of
from .timeline import (
    SceneRate,
    hide_while_lost,
    lost_spans,
    mark_gaps,
    pose_keys,
    scene_rate_of,
    set_timeline,
)
from .vertex_curves import check_vertex_curves

LOST_FRAMES = "mien_lost_frames"
"""Custom property of a face: the scene frames without a pose, as text."""


@dataclass(frozen=True, slots=True)
class ScenePlan:
    """How faces become a scene.

    `cache` names the point cache of the first face; that of the second gets `-2`, and so on.
    `is_baked` subdivides by Mien's own stencils instead of a modifier, for formats that lose one.
    `is_hiding` keys the visibility in gaps, for formats that keep it.
    """

    name: str
    animate: AnimateSettings
    mesh: MeshSettings
    cache: Path
    scene_rate_hz: float | None = None
    textures: tuple[str, ...] = ()
    has_camera: bool = False
    is_baked: bool = False
    is_hiding: bool = True


@dataclass(frozen=True, slots=True)
class FaceScene:
    """What was built; `n_blendshapes` and `worst_error_m` are of the worst face."""

    faces: tuple[bpy.types.Object, ...]
    n_blendshapes: int
    worst_error_m: float
    warnings: tuple[str, ...]


def build_face_scene(
    scene: bpy.types.Scene,
    performances: list[Performance],
    *,
    plan: ScenePlan,
    on_progress: OnProgress = silent,
) -> FaceScene:
    """Build every face that has a pose at all, in one world.

    Parameters
    ----------
    scene : gets a collection named after the plan, a rate and a range
    performances : of one take, in its order
    plan : carrier, subdivision, textures, camera
    on_progress : called once a face

    Raises
    ------
    NoFace
        Not one frame has a pose.
    ArgumentError
        The carrier does not work in this Blender, or Blender cannot hold the rate.
    """
    shown = [(index, p) for index, p in enumerate(performances) if p.is_present.any()]
    if not shown:
        raise NoFace(f"Take '{plan.name}' holds no face with a pose: there is nothing to build.")
    if plan.animate.carrier == "vertices":
        check_vertex_curves(bpy.app.version)
    first = shown[0][1]
    rate = scene_rate_of(plan.scene_rate_hz or first.footage.rate_hz)
    set_timeline(scene, rate=rate, end_s=float(first.time_s[-1]))
    collection = collection_of(scene, plan.name)
    world = world_from_camera_of(first.geometry)
    warnings: list[str] = []
    if plan.has_camera:
        warnings += _add_camera(scene, collection, first, world=world, rate=rate)
    carried = []
    for done, (index, performance) in enumerate(shown):
        on_progress(Progress("build", done, len(shown)))
        name = "Face" if len(shown) == 1 else f"Face {index + 1}"
        one = _add_face(
            name, collection, performance, plan=plan, index=index, rate=rate, world=world
        )
        warnings += _tell_gaps(scene, one.face, performance, rate=rate, is_hiding=plan.is_hiding)
        carried.append(one)
    on_progress(Progress("build", len(shown), len(shown)))
    scene.frame_set(0)
    return FaceScene(
        faces=tuple(one.face for one in carried),
        n_blendshapes=max(one.n_blendshapes for one in carried),
        worst_error_m=max(one.worst_error_m for one in carried),
        warnings=tuple(warnings),
    )


def cache_path_of(plan: ScenePlan, index: int) -> Path:
    """Return where the point cache of a face lies."""
    return plan.cache if index == 0 else plan.cache.with_stem(f"{plan.cache.stem}-{index + 1}")


def _add_face(
    name: str,
    collection: bpy.types.Collection,
    performance: Performance,
    *,
    plan: ScenePlan,
    index: int,
    rate: SceneRate,
    world: FloatArray,
) -> CarriedFace:
    """Build one face: expression, motion, material."""
    expression = ExpressionPlan(
        plan.animate, plan.mesh, cache_path_of(plan, index), is_baked=plan.is_baked
    )
    carried = add_carried_face(
        name, collection, performance=performance, plan=expression, rate=rate
    )
    poses = performance.geometry.camera_from_head[performance.is_present]
    animate_object(
        carried.face,
        world_from_local(poses, world_from_camera=world),
        keys=pose_keys(performance, rate_hz=rate.hz),
    )
    texture = plan.textures[index] if index < len(plan.textures) else ""
    add_face_material(carried.face, Path(texture) if texture else None)
    return carried


def _add_camera(
    scene: bpy.types.Scene,
    collection: bpy.types.Collection,
    performance: Performance,
    *,
    world: FloatArray,
    rate: SceneRate,
) -> list[str]:
    """Add the camera with the footage behind; return what the artist should know."""
    placed = add_footage_camera(
        scene, collection, camera=performance.geometry.camera, world_from_camera=world
    )
    missing = put_footage_behind(placed, performance.footage)
    if missing:
        return [missing]
    # Blender shows the footage image by image, whatever the container's times are.
    times = performance.time_s
    images = round(float(times[0]) * performance.footage.rate_hz) + np.arange(len(times))
    drift = float(np.abs(times * rate.hz - images).max())
    if drift < 1.0:
        return []
    return [
        f"The footage behind the mesh drifts by up to {drift:.1f} frames: it plays one image a "
        "scene frame, but its own rate varies or differs from the scene's."
    ]


def _tell_gaps(
    scene: bpy.types.Scene,
    face: bpy.types.Object,
    performance: Performance,
    *,
    rate: SceneRate,
    is_hiding: bool,
) -> list[str]:
    """Mark where the face is lost in every way that the format keeps; return a warning else."""
    mark_gaps(scene, face, performance, rate_hz=rate.hz)
    spans = lost_spans(performance, rate_hz=rate.hz)
    if not spans:
        return []
    last = performance.time_s[-1] * rate.hz
    text = ", ".join(f"{start:.6g}–{last if end is None else end:.6g}" for start, end in spans)
    face[LOST_FRAMES] = text
    if is_hiding:
        hide_while_lost(face, performance, rate_hz=rate.hz)
        return []
    return [f"{face.name} is lost in the frames {text}: there it stands still in this format."]
