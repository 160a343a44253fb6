"""A face is built again and again in place, whatever the artist did to it in between."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from mien.addon.scene.actions import curves_of
from mien.addon.scene.hand_edits import is_edited
from mien.addon.shown_take import _check_can_change
from mien.core.errors import ArgumentError
from mien.core.pipeline import solve
from mien.core.settings import CARRIERS, SmoothSettings
from mien.core.takes import read_take

RATE_HZ = 30.0


def face_of(entry):
    return entry.faces[0].target


def keys_of(face, path, index=0):
    (curve,) = [c for c in curves_of(face) if (c.data_path, c.array_index) == (path, index)]
    points = np.zeros(len(curve.keyframe_points) * 2)
    curve.keyframe_points.foreach_get("co", points)
    return points.reshape(-1, 2)


def head_m(entry, **smooth):
    """The first face's points, as core has them."""
    take = read_take(entry.folder)
    return solve(take, SmoothSettings(**smooth))[0].geometry.head_m


def test_other_smoothing_changes_the_same_object(scene, captured, vertices_at):
    face = face_of(captured)
    face.name = "Hero"
    face.modifiers.new("Mine", "WAVE")
    material = face.active_material
    smooth = vertices_at(face, 5)
    scene.mien.smoothing.mode = "none"
    bpy.ops.mien.build()
    assert face_of(captured) == face and face.name == "Hero"
    assert [modifier.name for modifier in face.modifiers] == ["Mine"]
    assert face.active_material == material
    face.modifiers.clear()
    raw = vertices_at(face, 5)
    wanted = head_m(captured, mode="none")[5][:, [0, 2, 1]] * [1, -1, 1]
    assert np.abs(raw - wanted).max() < 2e-4
    assert np.abs(raw - smooth).max() > 1e-4


def test_building_leaves_no_data_behind(scene, captured):
    def counts():
        kinds = "meshes actions shape_keys materials images movieclips cameras objects".split()
        return {kind: len(getattr(bpy.data, kind)) for kind in kinds}

    before = counts()
    for _ in range(2):
        bpy.ops.mien.build()
        assert counts() == before
    markers = len(scene.timeline_markers)
    bpy.ops.mien.build()
    assert len(scene.timeline_markers) == markers


@pytest.mark.parametrize("carrier", [one for one in CARRIERS if one != "vertices"])
def test_every_carrier_plays_the_same_face(scene, captured, carrier, vertices_at):
    scene.mien.mesh.carrier, scene.mien.mesh.subdivide = carrier, 1
    bpy.ops.mien.build()
    face = face_of(captured)
    modifiers = [modifier.type for modifier in face.modifiers]
    assert modifiers == ["MESH_CACHE", "SUBSURF"] if carrier == "cache" else ["SUBSURF"]
    face.modifiers["Subdivision"].show_viewport = False
    wanted = head_m(captured)[7][:, [0, 2, 1]] * [1, -1, 1]
    assert np.abs(vertices_at(face, 7) - wanted).max() < 2e-4
    assert not is_edited(face)


def test_keys_edited_by_hand_are_kept_beside_the_new_ones(scene, captured):
    face = face_of(captured)
    curve = next(c for c in curves_of(face) if c.data_path == "location")
    curve.keyframe_points[3].co[1] += 1.0
    edited = keys_of(face, "location")
    assert is_edited(face)
    bpy.ops.mien.build()
    assert not is_edited(face)
    (kept,) = [one for one in bpy.data.actions if one.name == "Face (edited)"]
    assert kept.use_fake_user and kept != face.animation_data.action
    face.animation_data.action = kept
    if hasattr(kept, "slots"):
        face.animation_data.action_slot = kept.slots[0]
    assert np.array_equal(keys_of(face, "location"), edited)
    assert bpy.data.meshes["Face (edited)"].shape_keys is not None


def test_a_mesh_edited_by_hand_counts_as_edited(scene, captured):
    face = face_of(captured)
    face.data.shape_keys.key_blocks[1].points[0].co[0] += 0.01
    assert is_edited(face)


def test_playing_and_saving_is_no_edit(scene, captured, tmp_path):
    scene.frame_set(9)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    assert not is_edited(face_of(bpy.context.scene.mien.takes[0]))


def test_a_deleted_face_is_built_anew(scene, captured):
    old = face_of(captured)
    bpy.data.objects.remove(captured.camera)
    scene.collection.children.unlink(captured.collection)
    bpy.ops.mien.build()
    new = face_of(captured)
    assert new != old and scene.objects.get(new.name) == new
    assert captured.camera == scene.camera


def test_a_face_in_edit_mode_is_left_alone(scene, captured):
    face = face_of(captured)
    bpy.context.view_layer.objects.active = face
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(RuntimeError, match="'Face' is in edit mode"):
        bpy.ops.mien.build()
    bpy.ops.object.mode_set(mode="OBJECT")
    assert bpy.ops.mien.build() == {"FINISHED"}


def test_a_linked_face_is_left_alone(scene, captured, tmp_path):
    path = str(tmp_path / "lib.blend")
    bpy.data.libraries.write(path, {face_of(captured)})
    with bpy.data.libraries.load(path, link=True) as (_, wanted):
        wanted.objects = ["Face"]
    (linked,) = wanted.objects
    with pytest.raises(ArgumentError, match="'Face' is linked from another file"):
        _check_can_change(linked)


def test_a_scene_in_centimetres_gets_a_face_of_the_same_real_size(scene, captured):
    def real_width(face):
        xs = [corner[0] for corner in face.bound_box]
        return (max(xs) - min(xs)) * face.scale[0] * scene.unit_settings.scale_length

    metres = real_width(face_of(captured))
    scene.unit_settings.scale_length = 0.01
    bpy.ops.mien.build()
    face = face_of(captured)
    assert face.scale[0] > 50 and real_width(face) == pytest.approx(metres, rel=1e-4)
    assert captured.camera.data.clip_start == pytest.approx(1.0)
    assert captured.built_scale == pytest.approx(0.01)


def test_a_scene_may_keep_its_rate(scene, captured):
    scene.render.fps, scene.frame_end = 24, 100
    scene.mien.animate.timing = "SCENE"
    bpy.ops.mien.build()
    frames = keys_of(face_of(captured), "location")[:, 0]
    assert np.allclose(frames, np.arange(16) / RATE_HZ * 24, atol=1e-4)
    assert (scene.render.fps, scene.frame_end) == (24, 100)
    assert captured.built_rate_hz == pytest.approx(24)


def test_a_face_stands_at_the_cursor_and_stays_there(scene, footage):
    scene.cursor.location = (1.0, 2.0, 3.0)
    bpy.ops.mien.capture(filepath=str(footage))
    face = face_of(scene.mien.takes[0])
    assert (face.location - scene.cursor.location).length < 0.05
    scene.cursor.location = (0, 0, 0)
    bpy.ops.mien.build()
    assert face.location[0] > 0.9


def test_the_texture_comes_and_goes_and_an_artists_material_stays(scene, captured):
    face = face_of(captured)

    def has_picture():
        return any(node.type == "TEX_IMAGE" for node in face.active_material.node_tree.nodes)

    assert has_picture()
    scene.mien.mesh.use_texture = False
    bpy.ops.mien.build()
    assert not has_picture() and len(face.data.materials) == 1
    scene.mien.mesh.use_texture = True
    bpy.ops.mien.build()
    assert has_picture() and len(face.data.materials) == 1
    mine = bpy.data.materials.new("Clay")
    face.data.materials[0] = mine
    bpy.ops.mien.build()
    assert face.active_material == mine


def test_presets_set_the_smoothing(scene):
    smoothing = scene.mien.smoothing
    default = smoothing.to_settings()
    bpy.ops.mien.smoothing_preset(preset="CALM")
    assert smoothing.motion_threshold > default.motion_threshold
    bpy.ops.mien.smoothing_preset(preset="RAW")
    assert smoothing.mode == "none"
    bpy.ops.mien.smoothing_preset(preset="DEFAULT")
    assert smoothing.to_settings() == default


def test_defaults_of_the_panel_are_those_of_the_engine(scene):
    mien = scene.mien
    assert mien.smoothing.to_settings() == SmoothSettings()
    from mien.core.settings import AnimateSettings, MeshSettings, TrackSettings

    assert mien.mesh.to_mesh_settings() == MeshSettings()
    settings = mien.mesh.to_animate_settings()
    assert settings.carrier == AnimateSettings().carrier
    assert settings.tolerance_m == pytest.approx(AnimateSettings().tolerance_m)
    assert mien.capture.to_settings() == TrackSettings()
