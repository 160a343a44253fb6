"""Entries of the list of takes, and what stands of them in the scene."""

from __future__ import annotations

import json
import secrets
import tempfile
from dataclasses import replace
from pathlib import Path

import bpy

from ..core.errors import ArgumentError, ExportError, TakeError
from ..core.export import write_texture
from ..core.records import Take
from . import preferences
from .active_take import scene_of
from .job_operator import Outcome
from .paths import path_near, takes_folder
from .prepared import BuildOrder, PreparedTake
from .scene.face_material import is_painted
from .scene.face_scene import FaceScene, ScenePlan, Standing, build_face_scene, write_caches
from .scene.hand_edits import is_edited, keep_edits
from .scene.timeline import Marker, SceneRate
from .scene_properties import FILE_VERSION
from .solved import SOLVED
from .words import count_text


def entry_of(scene: bpy.types.Scene, folder: str) -> bpy.types.PropertyGroup | None:
    """Return the entry of a take's folder, if it is in the list."""
    wanted = Path(folder)
    return next((one for one in scene.mien.takes if Path(one.folder) == wanted), None)


def target_scene(mark: int, *, folder: str) -> bpy.types.Scene:
    """Return the scene that a job was begun in, whichever is shown now.

    Raises
    ------
    TakeError
        It was deleted in the meantime.
    """
    scene = scene_of(mark)
    if scene is None:
        raise TakeError(
            f"The scene was deleted while Mien worked for it. The take lies in '{folder}': open it "
            "from there."
        )
    return scene


def list_take(scene: bpy.types.Scene, take: Take) -> bpy.types.PropertyGroup:
    """Put a take into the list, or bring its entry up to date, and choose it."""
    mien = scene.mien
    mien.file_version = max(mien.file_version, FILE_VERSION)
    entry = entry_of(scene, take.folder)
    if entry is None:
        entry = mien.takes.add()
        entry.name = Path(take.folder).stem
        entry.folder = take.folder
        entry.near = path_near(take.folder)
    describe(entry, take)
    mien.active_take = next(
        index for index, one in enumerate(mien.takes) if one.folder == entry.folder
    )
    return mien.takes[mien.active_take]


def describe(entry: bpy.types.PropertyGroup, take: Take) -> None:
    """Write down what is in a take, so that the panel need not read it."""
    seen = [track for track in take.faces if track.presence.any()]
    entry.footage = take.footage.path
    entry.rate_hz = take.footage.rate_hz
    entry.n_frames = take.n_frames
    entry.n_faces = len(seen)
    entry.n_landmarks = take.faces[0].landmarks_px.shape[1] if take.faces else 0
    entry.n_lost = sum(int((track.presence == 0).sum()) for track in seen)
    entry.is_complete = take.is_complete


def order_of(
    scene: bpy.types.Scene, entry: bpy.types.PropertyGroup | None, folder: str
) -> BuildOrder:
    """Gather how a take is to be built in a scene; `entry` is None before it is listed.

    Raises
    ------
    ArgumentError
        A face that stands cannot be changed now.
    ExportError
        There is no place for a point cache.
    """
    mien = scene.mien
    smooth = mien.smoothing.to_settings()
    standing = Standing() if entry is None else standing_of(scene, entry)
    for face in standing.faces.values():
        _check_can_change(face)
    is_new = entry is None or not entry.is_built
    place = scene.cursor.location if mien.animate.place == "CURSOR" else (0.0, 0.0, 0.0)
    is_kept = mien.animate.timing == "SCENE"
    had_texture = not is_new and json.loads(entry.built_with)["texture"]
    plan = ScenePlan(
        name=Path(folder).stem if entry is None else entry.name,
        animate=mien.mesh.to_animate_settings(),
        mesh=mien.mesh.to_mesh_settings(),
        cache=_new_cache(folder) if mien.mesh.carrier == "cache" else Path(folder),
        has_camera=mien.mesh.use_camera,
        is_timeline_kept=is_kept,
        origin=tuple(place if is_new else entry.origin),
        units_per_m=1.0 / scene.unit_settings.scale_length,
        is_repainting=not is_new and had_texture != mien.mesh.use_texture,
    )
    faces = standing.faces.values()
    is_whole = entry is not None and len(faces) == entry.n_faces and all(map(is_painted, faces))
    return BuildOrder(
        folder=folder,
        smooth=smooth,
        plan=plan,
        has_textures=mien.mesh.use_texture and not (had_texture and is_whole),
        settings=mien.build_settings,
        geometries=SOLVED.geometries_of(folder, smooth.geometry_kind),
        jitter_before=None if is_new or not entry.is_complete else entry.jitter_before,
        kept_rate=SceneRate(scene.render.fps, scene.render.fps_base) if is_kept else None,
    )


def _new_cache(folder: str) -> Path:
    """Return where the point cache of a build goes: a new file for each.

    Other scenes, other files, copies of the face and Blender's undo still play the older ones.

    Raises
    ------
    ExportError
        Its folder cannot be made.
    """
    place = takes_folder(is_beside_blend=preferences.values().is_beside_blend)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(
            f"The folder of the point cache, '{place}', cannot be made: {error.strerror}. Choose "
            "another carrier, or another user folder in Mien's preferences."
        ) from error
    return place / f"{Path(folder).stem} {secrets.token_hex(4)}.pc2"


def show_take(scene: bpy.types.Scene, prepared: PreparedTake) -> Outcome:
    """Build a prepared take in a scene, or build it again in place; return what to tell of it.

    Raises
    ------
    ArgumentError
        A face that stands cannot be changed now, or the carrier does not work in this Blender.
    ExportError
        There is no room for a texture or a point cache.
    """
    entry = list_take(scene, prepared.take)
    standing = standing_of(scene, entry)
    kept = []
    for face in standing.faces.values():
        _check_can_change(face)
    order = prepared.order
    write_caches(prepared.performances, prepared.expressions, plan=order.plan)
    for face in standing.faces.values():
        if is_edited(face):
            kept += keep_edits(face)
    rate_hz = scene.render.fps / scene.render.fps_base
    n_others = sum(action.users > 0 for action in bpy.data.actions) - _n_actions(standing)
    with tempfile.TemporaryDirectory(prefix="mien-") as folder:  # Blender packs the pictures
        textures = tuple(
            str(write_texture(Path(folder) / f"face{index}.png", png)) if png else ""
            for index, png in enumerate(prepared.textures)
        )
        built = build_face_scene(
            scene,
            prepared.performances,
            plan=replace(order.plan, textures=textures),
            expressions=prepared.expressions,
            standing=standing,
        )
    _remember(scene, entry, built, prepared)
    SOLVED.remember(order.folder, prepared.performances)
    SOLVED.keep_geometries(
        order.folder, prepared.geometries, kind=order.smooth.geometry_kind, mark=prepared.mark
    )
    warnings = list(built.warnings)
    now_hz = scene.render.fps / scene.render.fps_base
    if n_others > 0 and abs(now_hz - rate_hz) > 1e-3:
        warnings.append(
            f"The scene plays at {now_hz:g} fps now, as the footage; it was {rate_hz:g}. What was "
            "animated before plays faster or slower. Timing: Scene keeps the scene's rate."
        )
    if kept:
        names = ", ".join(map(repr, kept))
        warnings.append(f"What was edited by hand is kept in the file as {names}.")
    return Outcome(_line(entry, built), tuple(warnings))


def standing_of(scene: bpy.types.Scene, entry: bpy.types.PropertyGroup) -> Standing:
    """Return what stands of a take in a scene; what the artist deleted does not."""
    faces = {
        one.face_index: one.target
        for one in entry.faces
        if one.target is not None and _is_in(scene, one.target)
    }
    collection = entry.collection
    if collection is not None and collection not in scene.collection.children_recursive:
        collection = None
    camera = entry.camera
    if camera is not None and not _is_in(scene, camera):
        camera = None
    markers = tuple(
        Marker(name, int(frame))
        for frame, _, name in (line.partition("\t") for line in entry.markers.splitlines())
    )
    return Standing(faces=faces, collection=collection, camera=camera, markers=markers)


def _n_actions(standing: Standing) -> int:
    """Count the actions that faces play."""
    blocks = [
        block
        for face in standing.faces.values()
        for block in (face, face.data, face.data.shape_keys)
        if block is not None and block.animation_data is not None
    ]
    return len({block.animation_data.action for block in blocks} - {None})


def _is_in(scene: bpy.types.Scene, obj: bpy.types.Object) -> bool:
    """Say whether an object is in a scene; a deleted one lives on in the pointers to it."""
    return scene in obj.users_scene


def _check_can_change(face: bpy.types.Object) -> None:
    """Raise where an object is not Mien's to change.

    Raises
    ------
    ArgumentError
        It is linked from another file, is being edited, or is no mesh any more.
    """
    if face.library is not None or face.data is None or face.data.library is not None:
        raise ArgumentError(
            f"'{face.name}' is linked from another file and cannot be changed here. Make it local "
            "(Object > Relations > Make Local), or delete it to have a new one built."
        )
    if face.type != "MESH":
        raise ArgumentError(
            f"'{face.name}' is no mesh any more. Delete it, or take it out of the scene, to have a "
            "new face built."
        )
    keys = face.data.shape_keys
    if any(
        block is not None and block.animation_data and block.animation_data.use_tweak_mode
        for block in (face, face.data, keys)
    ):
        raise ArgumentError(
            f"An NLA strip of '{face.name}' is being edited. Leave its tweak mode (Tab in the NLA "
            "editor), then try again."
        )
    if face.mode != "OBJECT":
        raise ArgumentError(
            f"'{face.name}' is in {face.mode.replace('_', ' ').lower()} mode. Go back to object "
            "mode (Tab), then try again."
        )


def _remember(
    scene: bpy.types.Scene,
    entry: bpy.types.PropertyGroup,
    built: FaceScene,
    prepared: PreparedTake,
) -> None:
    """Write down in a take's entry what was built."""
    entry.is_built = True
    entry.built_with = prepared.order.settings
    entry.built_rate_hz = scene.render.fps / scene.render.fps_base
    entry.built_scale = scene.unit_settings.scale_length
    entry.jitter_before, entry.jitter_after = prepared.jitter_before, prepared.jitter_after
    entry.n_keys = built.n_blendshapes
    entry.origin = prepared.order.plan.origin
    entry.collection, entry.camera = built.collection, built.camera
    entry.markers = "\n".join(f"{one.frame}\t{one.name}" for one in built.markers)
    entry.faces.clear()
    for face, index in zip(built.faces, built.face_indices, strict=True):
        item = entry.faces.add()
        item.target, item.face_index = face, index


def _line(entry: bpy.types.PropertyGroup, built: FaceScene) -> str:
    """Say what was built, in one line with counts."""
    faces, frames = count_text(len(built.faces), "face"), count_text(entry.n_frames, "frame")
    parts = [f"'{entry.name}': {faces}, {frames}, lost in {entry.n_lost}"]
    if built.n_blendshapes:
        parts.append(count_text(built.n_blendshapes, "shape key"))
    return "; ".join(parts)
