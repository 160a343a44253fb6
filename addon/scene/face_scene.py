"""Solved faces → a scene: meshes, their animation, their motion, the camera that saw them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import bpy
import numpy as np

from ...core.arrays import FloatArray
from ...core.errors import NoFace
from ...core.pipeline import CarriedExpression, carry_expression
from ...core.records import OnProgress, Performance, Progress, silent
from ...core.settings import AnimateSettings, MeshSettings
from .actions import curves_of, drop_action
from .axes import placed, world_from_camera_of, world_from_local
from .expression import ExpressionPlan, add_carried_face, renew_carried_face, write_cache
from .face_material import add_face_material
from .footage_camera import add_footage_camera, put_footage_behind
from .hand_edits import remember_as_built
from .head_motion import animate_object
from .mesh_object import collection_of
from .timeline import (
    VISIBILITY_PATHS,
    Marker,
    SceneRate,
    hide_while_lost,
    lost_text,
    mark_gaps,
    pose_keys,
    scene_rate_of,
    set_timeline,
    unmark_gaps,
)
from .vertex_curves import check_vertex_curves

LOST_FRAMES = "mien_lost_frames"
"""Custom property of a face: the scene frames without a pose, as text."""


@dataclass(frozen=True, slots=True)
class ScenePlan:
    """How faces become a scene.

    `cache` names the point cache of the first face; that of the second gets `-2`, and so on.
    `is_baked` subdivides by Mien's own stencils instead of a modifier, for formats that lose one.
    `is_hiding` keys the visibility in gaps, for formats that keep it. `is_timeline_kept` leaves the
    scene its own rate and range. `is_repainting` gives standing faces another material in the place
    of Mien's. `origin` is where the head goes, and `units_per_m` how many of the
    scene's units make a metre.
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
    is_timeline_kept: bool = False
    is_repainting: bool = False
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    units_per_m: float = 1.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of an earlier build; whatever is missing here is made anew.

    `faces` are objects by the number of their face in the take.
    """

    faces: Mapping[int, bpy.types.Object] = field(default_factory=dict)
    collection: bpy.types.Collection | None = None
    camera: bpy.types.Object | None = None
    markers: tuple[Marker, ...] = ()


@dataclass(frozen=True, slots=True)
class FaceScene:
    """What was built; `n_blendshapes` and `worst_error_m` are of the worst face.

    `faces` are in the order of the performances that have a pose, whose numbers in their take are
    `face_indices`.
    """

    faces: tuple[bpy.types.Object, ...]
    face_indices: tuple[int, ...]
    collection: bpy.types.Collection
    camera: bpy.types.Object | None
    markers: tuple[Marker, ...]
    n_blendshapes: int
    worst_error_m: float
    warnings: tuple[str, ...]


def build_face_scene(
    scene: bpy.types.Scene,
    performances: list[Performance],
    *,
    plan: ScenePlan,
    expressions: Mapping[int, CarriedExpression] | None = None,
    standing: Standing | None = None,
    on_progress: OnProgress = silent,
) -> FaceScene:
    """Build every face that has a pose at all, in one world.

    Parameters
    ----------
    scene : gets a collection named after the plan, a rate and a range
    performances : of one take, in its order
    plan : carrier, subdivision, textures, camera
    expressions : `carry_expressions` of the same, where it was called before, on another thread,
        and `write_caches`
    standing : what an earlier build of the take has left, to be built again in place
    on_progress : called once a face

    Raises
    ------
    NoFace
        Not one frame has a pose.
    ArgumentError
        The carrier does not work in this Blender, or Blender cannot hold the rate.
    """
    standing = standing or Standing()
    rate = scene_rate(scene, performances, plan=plan)
    faces = _face_plans(performances, plan=plan, rate=rate)
    if expressions is None:
        expressions = carry_expressions(performances, plan=plan, rate=rate)
        write_caches(performances, expressions, plan=plan)
    _set_time(scene, plan=faces[0], is_first=not standing.faces)
    collection = _home(scene, plan=plan, standing=standing)
    camera, warnings = standing.camera, []
    if plan.has_camera:
        camera, warnings = _add_camera(scene, collection, plan=faces[0], standing=camera)
    unmark_gaps(scene, standing.markers)
    built, markers = [], []
    for done, face in enumerate(faces):
        on_progress(Progress("build", done, len(faces)))
        index = face.performance.face_index
        existing = standing.faces.get(index)
        built.append(
            _build_face(collection, plan=face, carried=expressions[index], standing=existing)
        )
        markers += mark_gaps(scene, built[-1], performance=face.performance, rate_hz=rate.hz)
        warnings += _tell_gaps(built[-1], plan=face)
        remember_as_built(built[-1])
    on_progress(Progress("build", len(faces), len(faces)))
    scene.frame_set(scene.frame_current)
    shown = [expressions[face.performance.face_index] for face in faces]
    worst_error_m = max(one.worst_error_m for one in shown)
    n_blendshapes = max(len(one.names) for one in shown)
    return FaceScene(
        faces=tuple(built),
        face_indices=tuple(face.performance.face_index for face in faces),
        collection=collection,
        camera=camera,
        markers=tuple(markers),
        n_blendshapes=n_blendshapes,
        worst_error_m=worst_error_m,
        warnings=(*warnings, *_tell_error(plan, worst_error_m, n_blendshapes=n_blendshapes)),
    )


def _set_time(scene: bpy.types.Scene, *, plan: _FacePlan, is_first: bool) -> None:
    """Give the scene the footage's rate; and its range, and a frame that shows a face, at first.

    What an artist has set since then stays.
    """
    if plan.scene.is_timeline_kept:
        return
    before_hz = scene.render.fps / scene.render.fps_base
    times = plan.performance.time_s
    if is_first or abs(before_hz - plan.rate.hz) > 1e-3:
        set_timeline(scene, rate=plan.rate, start_s=float(times[0]), end_s=float(times[-1]))
        # Where a face is hidden, it can neither be seen nor chosen.
        seen_s = float(times[np.argmax(plan.performance.is_present)])
        scene.frame_set(math.ceil(seen_s * plan.rate.hz - 1e-3))


def _home(scene: bpy.types.Scene, *, plan: ScenePlan, standing: Standing) -> bpy.types.Collection:
    """Return the collection for what is new; a new one where the take has none any more."""
    if standing.collection is not None:
        return standing.collection
    for face in standing.faces.values():  # it was moved elsewhere, and its collection deleted
        return face.users_collection[0]
    return collection_of(scene, plan.name)


def _tell_error(plan: ScenePlan, worst_error_m: float, *, n_blendshapes: int) -> list[str]:
    """Warn where as many shape keys as are allowed do not keep the tolerance."""
    if worst_error_m <= plan.animate.tolerance_m * 1.001:
        return []
    return [
        f"{n_blendshapes} shape keys, as many as are allowed, leave a vertex up to "
        f"{worst_error_m * 1e3:.3g} mm off. In a .blend the carriers 'absolute-keys' and "
        "'cache' are exact, and so are .abc, .pc2 and .mdd."
    ]


def carry_expressions(
    performances: list[Performance], *, plan: ScenePlan, rate: SceneRate
) -> dict[int, CarriedExpression]:
    """Compute what the carriers hold, by the number of the face, without touching Blender."""
    # A modifier subdivides what is not baked.
    baked = plan.mesh if plan.is_baked else replace(plan.mesh, subdivide=0)
    return {
        one.face_index: carry_expression(one, mesh=baked, animate=plan.animate, rate_hz=rate.hz)
        for one in performances
        if one.is_present.any()
    }


def write_caches(
    performances: list[Performance],
    expressions: Mapping[int, CarriedExpression],
    *,
    plan: ScenePlan,
) -> None:
    """Write the point caches of the carrier `cache`, before anything of the scene is touched.

    Raises
    ------
    ExportError
        One cannot be written: the disk may be full.
    """
    if plan.animate.carrier != "cache":
        return
    for index, one in enumerate(performances):
        if one.face_index in expressions:
            write_cache(expressions[one.face_index], cache_path_of(plan, index))


def scene_rate(
    scene: bpy.types.Scene, performances: list[Performance], *, plan: ScenePlan
) -> SceneRate:
    """Return the rate at which a scene is going to play the faces.

    Raises
    ------
    ArgumentError
        Blender cannot hold it.
    """
    if plan.is_timeline_kept:
        return SceneRate(scene.render.fps, scene.render.fps_base)
    return scene_rate_of(plan.scene_rate_hz or performances[0].footage.rate_hz)


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

    @property
    def cache(self) -> Path:
        """Where its point cache lies."""
        return cache_path_of(self.scene, self.index)


def _face_plans(
    performances: list[Performance], *, plan: ScenePlan, rate: SceneRate
) -> list[_FacePlan]:
    """Plan every face that has a pose at all; the first one of them sets the world."""
    shown = [(index, one) for index, one in enumerate(performances) if one.is_present.any()]
    if not shown:
        raise NoFace(f"Take '{plan.name}' holds no face with a pose: there is nothing to build.")
    if plan.animate.carrier == "vertices":
        check_vertex_curves(bpy.app.version)
    world = placed(
        world_from_camera_of(shown[0][1].geometry),
        origin=plan.origin,
        units_per_m=plan.units_per_m,
    )
    return [_FacePlan(one, index, plan, rate, world) for index, one in shown]


def _build_face(
    collection: bpy.types.Collection,
    *,
    plan: _FacePlan,
    carried: CarriedExpression,
    standing: bpy.types.Object | None,
) -> bpy.types.Object:
    """Build one face, or build it again in place: expression, motion, material."""
    performance, whole = plan.performance, plan.scene
    name = "Face" if performance.n_faces == 1 else f"Face {performance.face_index + 1}"
    keys = pose_keys(performance, rate_hz=plan.rate.hz)
    expression = ExpressionPlan(
        carried=carried,
        keys=keys,
        modifier=replace(whole.mesh, subdivide=0) if whole.is_baked else whole.mesh,
        cache=plan.cache,
    )
    if standing is None:
        face = add_carried_face(name, collection, expression)
    else:
        face = standing
        for path in {curve.data_path for curve in curves_of(face)} & set(VISIBILITY_PATHS):
            setattr(face, path, False)  # what was keyed for a gap is keyed no more
        drop_action(face)
        renew_carried_face(face, expression)
    animate_object(
        face,
        world_from_local(
            performance.geometry.camera_from_head[performance.is_present],
            world_from_camera=plan.world_from_camera,
        ),
        keys=keys,
    )
    texture = whole.textures[plan.index] if plan.index < len(whole.textures) else ""
    if texture or whole.is_repainting or not face.data.materials:
        add_face_material(face, Path(texture) if texture else None)
    return face


def _add_camera(
    scene: bpy.types.Scene,
    collection: bpy.types.Collection,
    *,
    plan: _FacePlan,
    standing: bpy.types.Object | None,
) -> tuple[bpy.types.Object, list[str]]:
    """Add the camera with the footage behind; return it, and what the artist should know."""
    performance = plan.performance
    camera = add_footage_camera(
        scene,
        collection,
        camera=performance.geometry.camera,
        world_from_camera=plan.world_from_camera,
        standing=standing,
    )
    missing = put_footage_behind(camera, performance.footage)
    if missing:
        return camera, [missing]
    # Blender shows the footage image by image, whatever the container's times are.
    times = performance.time_s
    images = round(float(times[0]) * performance.footage.rate_hz) + np.arange(len(times))
    drift = float(np.abs(times * plan.rate.hz - images).max())
    if drift < 1.0:
        return camera, []
    return camera, [
        f"The footage behind the mesh drifts by up to {drift:.1f} frames: it plays one image a "
        "scene frame, but its own rate varies or differs from the scene's."
    ]


def _tell_gaps(face: bpy.types.Object, *, plan: _FacePlan) -> list[str]:
    """Say where the face is lost in every way that the format keeps; return a warning else."""
    performance, rate_hz = plan.performance, plan.rate.hz
    text = lost_text(performance, rate_hz=rate_hz)
    if not text:
        face.pop(LOST_FRAMES, None)
        return []
    face[LOST_FRAMES] = text
    if plan.scene.is_hiding:
        hide_while_lost(face, performance, rate_hz=rate_hz)
        return []
    return [f"{face.name} is lost in the frames {text}: there it stands still in this format."]
