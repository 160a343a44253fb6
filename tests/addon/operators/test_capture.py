"""From footage to a face by one call, and every way in which that can fail."""

from __future__ import annotations

import shutil
from pathlib import Path

import bpy
import numpy as np
import pytest

from mien.addon import paths
from mien.addon.scene.actions import curves_of
from mien.addon.session import SESSION
from mien.core import errors
from mien.core.inference import weights
from mien.core.pipeline import CapturePlan, capture
from mien.core.settings import DetectSettings
from mien.core.takes import read_take

N_FRAMES, RATE_HZ = 16, 30.0


def test_one_call_makes_a_take_and_an_animated_face(scene, painted, tmp_path):
    take = read_take(painted.folder)
    assert take.n_frames == painted.n_frames == N_FRAMES and take.is_complete
    assert Path(painted.folder).parent == tmp_path / "Zoë Müller" / "takes"
    (built,) = painted.faces
    face = built.target
    assert face.users_collection == (painted.collection,) and scene.objects.get(face.name) == face
    paths = {curve.data_path for curve in curves_of(face)}
    assert {"location", "rotation_quaternion", "scale"} <= paths
    assert len(face.data.shape_keys.key_blocks) == painted.n_keys + 1
    assert (scene.render.fps, scene.render.fps_base) == (30, 1.0)
    assert (scene.frame_start, scene.frame_end) == (0, N_FRAMES - 1)
    assert scene.camera == painted.camera
    images = [node for node in face.active_material.node_tree.nodes if node.type == "TEX_IMAGE"]
    assert images and images[0].image.packed_file
    # A head is between 10 and 25 cm wide.
    width = max(corner[0] for corner in face.bound_box) - min(c[0] for c in face.bound_box)
    assert 0.10 < width * face.scale[0] < 0.25


def test_what_the_panel_says_is_captured_when_no_file_is_named(scene, footage):
    scene.mien.source.filepath = str(footage)
    scene.mien.source.use_range, scene.mien.source.start_s = True, 0.2
    scene.mien.mesh.use_texture = scene.mien.mesh.use_camera = False
    scene.mien.capture.detector = "full"
    bpy.ops.mien.capture()
    entry = scene.mien.takes[0]
    assert read_take(entry.folder).provenance.settings["detect"]["range"] == "full"
    assert entry.n_frames == N_FRAMES - 6 and entry.camera is None
    assert read_take(entry.folder).time_s[0] == pytest.approx(0.2)


def test_a_clip_of_the_file_can_be_captured(scene, footage):
    scene.mien.source.kind = "CLIP"
    scene.mien.source.clip = bpy.data.movieclips.load(str(footage))
    bpy.ops.mien.capture()
    assert scene.mien.takes[0].n_frames == N_FRAMES


def test_takes_lie_beside_a_saved_file_and_are_named_relative_to_it(scene, footage, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot 7.blend"))
    bpy.ops.mien.capture(filepath=str(footage))
    folder = tmp_path / "shot 7 takes" / "clip größe.take"
    assert bpy.context.scene.mien.takes[0].folder == str(folder) and (folder / "take.json").exists()


def test_takes_that_were_moved_with_their_file_are_found(scene, footage, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(here / "shot.blend"))
    bpy.ops.mien.capture(filepath=str(footage))
    bpy.ops.wm.save_mainfile()
    here.rename(there)
    bpy.ops.wm.open_mainfile(filepath=str(there / "shot.blend"))
    folder = there / "shot takes" / "clip größe.take"
    assert bpy.context.scene.mien.takes[0].folder == str(folder)
    assert bpy.ops.mien.build() == {"FINISHED"}


def test_a_second_take_of_a_clip_has_a_folder_of_its_own(scene, footage):
    for _ in range(2):
        bpy.ops.mien.capture(filepath=str(footage))
    first, second = scene.mien.takes
    assert first.folder != second.folder and scene.mien.active_take == 1
    assert first.faces[0].target != second.faces[0].target


def test_a_file_in_a_folder_that_is_read_only_has_its_takes_with_the_user(
    scene, footage, tmp_path, monkeypatch
):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    monkeypatch.setattr(paths.os, "access", lambda path, mode: "shot takes" not in str(path))
    bpy.ops.mien.capture(filepath=str(footage))
    folder = bpy.context.scene.mien.takes[0].folder
    assert Path(folder).parent == tmp_path / "Zoë Müller" / "takes"


def test_a_user_folder_that_cannot_be_made_is_told(scene, footage, tmp_path):
    (tmp_path / "Zoë Müller").write_text("a file is in the way")
    with pytest.raises(RuntimeError, match=r"folder for takes, .*Zoë Müller.* cannot be made"):
        bpy.ops.mien.capture(filepath=str(footage))
    assert not scene.mien.takes


@pytest.mark.parametrize(
    ("name", "words"),
    [("gone.mp4", "gone.mp4' (is missing|cannot be opened|does not exist)"), ("", "No footage")],
)
def test_footage_that_is_not_there_is_told_and_nothing_changes(scene, tmp_path, name, words):
    before = set(bpy.data.objects)
    with pytest.raises(RuntimeError, match=words):
        bpy.ops.mien.capture(filepath=str(tmp_path / name) if name else "")
    assert set(bpy.data.objects) == before and not scene.mien.takes
    assert not list((tmp_path / "Zoë Müller").rglob("take.json"))


def test_footage_without_a_face_is_told_and_leaves_no_take(scene, tmp_path):
    from mien.core.bench import write_clip

    path = tmp_path / "wall.mp4"
    write_clip(path, (np.full((120, 160, 3), 90, np.uint8) for _ in range(4)), rate_hz=25.0)
    with pytest.raises(RuntimeError, match=r"No face was found in .*wall\.mp4"):
        bpy.ops.mien.capture(filepath=str(path))
    assert not scene.mien.takes and not list(tmp_path.rglob("take.json"))


def test_missing_weights_are_told(scene, footage, monkeypatch, tmp_path):
    monkeypatch.setattr(weights, "assets_folder", lambda: tmp_path / "no assets")
    with pytest.raises(RuntimeError, match=r"Weights 'face_.*' are missing"):
        bpy.ops.mien.capture(filepath=str(footage))


def test_a_capture_that_breaks_off_keeps_its_frames_as_a_take(scene, footage, monkeypatch):
    from mien.core.pipeline import FaceFinder

    find = FaceFinder.find

    def fail_late(self, frame):
        if frame.index == 10:
            raise errors.TakeError("The disk is full.")
        return find(self, frame)

    monkeypatch.setattr(FaceFinder, "find", fail_late)
    with pytest.raises(RuntimeError, match=r"(?s)disk is full.*10 frames kept in take"):
        bpy.ops.mien.capture(filepath=str(footage))
    (entry,) = scene.mien.takes
    assert entry.n_frames == 10 and not entry.is_complete and not entry.is_built


@pytest.mark.parametrize("detector", ["auto", "full"])
def test_a_stopped_capture_goes_on_where_it_ended(scene, footage, tmp_path, detector):
    def stop_at_5(progress):
        if progress.done == 5:
            raise errors.Cancelled

    folder = tmp_path / "half.take"
    with pytest.raises(errors.Cancelled):
        plan = CapturePlan(str(footage), folder, detect=DetectSettings(range=detector))
        capture(plan, on_progress=stop_at_5)
    bpy.ops.mien.take_open(directory=str(folder))
    (entry,) = scene.mien.takes
    assert 0 < entry.n_frames < N_FRAMES and not entry.is_complete
    assert bpy.ops.mien.resume() == {"FINISHED"}
    (entry,) = scene.mien.takes
    assert entry.n_frames == N_FRAMES and entry.is_complete and entry.is_built
    assert not bpy.ops.mien.resume.poll()


def test_there_is_one_capture_at_a_time(scene, footage, monkeypatch):
    monkeypatch.setattr(type(SESSION), "is_busy", property(lambda self: True))
    assert not bpy.ops.mien.capture.poll()
    with pytest.raises(RuntimeError, match="still running"):
        bpy.ops.mien.capture(filepath=str(footage))


def test_a_file_of_a_newer_mien_is_left_alone(scene, footage, captured):
    scene.mien.file_version = 99
    for operator in (bpy.ops.mien.capture, bpy.ops.mien.build, bpy.ops.mien.export_take):
        assert not operator.poll()
    with pytest.raises(RuntimeError, match="newer Mien"):
        bpy.ops.mien.build()


def test_footage_that_is_moved_can_be_named_again(scene, footage, tmp_path):
    here = tmp_path / "a" / "clip.mp4"
    here.parent.mkdir()
    shutil.copy(footage, here)
    bpy.ops.mien.capture(filepath=str(here))
    there = here.rename(tmp_path / "b.mp4")
    bpy.ops.mien.build()  # the take needs no footage, only what lies behind it does
    assert any("cannot show footage" in note.text for note in SESSION._notes)
    with pytest.raises(RuntimeError, match="not the footage of take"):
        other = tmp_path / "other.mp4"
        other.write_bytes(footage.read_bytes() + b"\0")
        bpy.ops.mien.take_relocate(filepath=str(other))
    bpy.ops.mien.take_relocate(filepath=str(there))
    entry = scene.mien.takes[0]
    assert entry.footage == str(there)
    bpy.ops.mien.build()
    assert entry.camera.data.background_images[0].clip.filepath == str(there)
