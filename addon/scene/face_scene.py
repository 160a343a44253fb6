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
    lost_text,
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
    faces = _face_plans(performances, plan=plan)
    first = faces[0]
    times = first.performance.time_s
    set_timeline(scene, rate=first.rate, start_s=float(times[0]), end_s=float(times[-1]))
    collection = collection_of(scene, plan.name)
    warnings = _add_camera(scene, collection, plan=first) if plan.has_camera else []
    carried = []
    for done, face in enumerate(faces):
        on_progress(Progress("build", done, len(faces)))
        taken = face.performance
        name = "Face" if taken.n_faces == 1 else f"Face {taken.face_index + 1}"
        carried.append(_add_face(name, collection, plan=face))
        warnings += _tell_gaps(scene, carried[-1].face, plan=face)
    on_progress(Progress("build", len(faces), len(faces)))
    scene.frame_set(scene.frame_start)
    return FaceScene(
        faces=tuple(one.face for one in carried),
        n_blendshapes=max(one.n_blendshapes for one in carried),
        worst_error_m=max(one.worst_error_m for one in carried),
        warnings=tuple(warnings),
    )


def cache_path_of(plan: ScenePlan, index: int) -> Path:
    """Return where the point cache of a face lies."""
    return plan.cache if index == 0 else plan.cache.with_stem(f"{plan.cache.stem}-{index + 1}")


@dataclass(frozen=True, slots=True, eq=False)
class _FacePlan:
    """One face, and what holds for all of them."""

    performance: Performance
    index: int
    scene: ScenePlan
    rate: SceneRate
    world_from_camera: FloatArray


def _face_plans(performances: list[Performance], *, plan: ScenePlan) -> list[_FacePlan]:
    """Plan every face that has a pose at all; the first one of them sets rate and world."""
    shown = [(index, one) for index, one in enumerate(performances) if one.is_present.any()]
    if not shown:
        raise NoFace(f"Take '{plan.name}' holds no face with a pose: there is nothing to build.")
    if plan.animate.carrier == "vertices":
        check_vertex_curves(bpy.app.version)
    first = shown[0][1]
    rate = scene_rate_of(plan.scene_rate_hz or first.footage.rate_hz)
    world = world_from_camera_of(first.geometry)
    return [_FacePlan(one, index, plan, rate, world) for index, one in shown]


def _add_face(name: str, collection: bpy.types.Collection, *, plan: _FacePlan) -> CarriedFace:
    """Build one face: expression, motion, material."""
    performance, whole = plan.performance, plan.scene
    carried = add_carried_face(
        name,
        collection,
        performance=performance,
        plan=ExpressionPlan(
            whole.animate, whole.mesh, cache_path_of(whole, plan.index), is_baked=whole.is_baked
        ),
        rate=plan.rate,
    )
    poses = performance.geometry.camera_from_head[performance.is_present]
    animate_object(
        carried.face,
        world_from_local(poses, world_from_camera=plan.world_from_camera),
        keys=pose_keys(performance, rate_hz=plan.rate.hz),
    )
    texture = whole.textures[plan.index] if plan.index < len(whole.textures) else ""
    add_face_material(carried.face, Path(texture) if texture else None)
    return carried


def _add_camera(
    scene: bpy.types.Scene, collection: bpy.types.Collection, *, plan: _FacePlan
) -> list[str]:
    """Add the camera with the footage behind; return what the artist should know."""
    performance = plan.performance
    placed = add_footage_camera(
        scene,
        collection,
        camera=performance.geometry.camera,
        world_from_camera=plan.world_from_camera,
    )
    missing = put_footage_behind(placed, performance.footage)
    if missing:
        return [missing]
    # Blender shows the footage image by image, whatever the container's times are.
    times = performance.time_s
    images = round(float(times[0]) * performance.footage.rate_hz) + np.arange(len(times))
    drift = float(np.abs(times * plan.rate.hz - images).max())
    if drift < 1.0:
        return []
    return [
        f"The footage behind the mesh drifts by up to {drift:.1f} frames: it plays one image a "
        "scene frame, but its own rate varies or differs from the scene's."
    ]


def _tell_gaps(scene: bpy.types.Scene, face: bpy.types.Object, *, plan: _FacePlan) -> list[str]:
    """Mark where the face is lost in every way that the format keeps; return a warning else."""
    performance, rate_hz = plan.performance, plan.rate.hz
    mark_gaps(scene, face, performance=performance, rate_hz=rate_hz)
    text = lost_text(performance, rate_hz=rate_hz)
    if not text:
        return []
    face[LOST_FRAMES] = text
    if plan.scene.is_hiding:
        hide_while_lost(face, performance, rate_hz=rate_hz)
        return []
    return [f"{face.name} is lost in the frames {text}: there it stands still in this format."]
