"""A built scene: the camera's view, gaps, several faces, rates."""

from __future__ import annotations

import math
import struct
from dataclasses import replace

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from mien.addon.scene.face_scene import LOST_FRAMES, ScenePlan, build_face_scene
from mien.addon.scene.timeline import scene_rate_of
from mien.core.errors import ArgumentError, NoFace
from mien.core.settings import AnimateSettings, MeshSettings


@pytest.fixture
def plan(tmp_path):
    def make(**changes) -> ScenePlan:
        values = {"animate": AnimateSettings(), "mesh": MeshSettings()} | changes
        return ScenePlan(name="take", cache=tmp_path / "take.pc2", **values)

    return make


def view_px(scene, points: np.ndarray) -> np.ndarray:
    """Where the scene's camera shows world points, counted as core counts pixels, (n, 2)."""
    width, height = scene.render.resolution_x, scene.render.resolution_y
    seen = [world_to_camera_view(scene, scene.camera, Vector(point)) for point in points]
    return np.array([(v.x * width - 0.5, (1.0 - v.y) * height - 0.5) for v in seen])


@pytest.mark.parametrize("size", [(480, 640), (640, 360)])
def test_the_camera_sees_the_mesh_where_the_face_was(scene, performance, vertices_at, plan, size):
    shown = performance(n_frames=12, size=size)
    (face,) = build_face_scene(scene, [shown], plan=plan(has_camera=True)).faces
    assert (scene.render.resolution_x, scene.render.resolution_y) == size[::-1]
    for frame in (0, 5, 11):
        found = view_px(scene, vertices_at(face, frame, is_world=True))
        wanted = shown.landmarks_smooth_px[frame, :, :2]
        error_px = np.abs(found - wanted).max()
        assert error_px <= 0.1, f"{error_px} px at frame {frame}"


def test_footage_that_is_gone_is_told(scene, performance, plan):
    built = build_face_scene(scene, [performance()], plan=plan(has_camera=True))
    assert "cannot show footage 'made of numbers.mp4'" in built.warnings[0]
    assert not bpy.data.movieclips


def save_images(folder, names, size):
    """Write grey PNG images."""
    folder.mkdir(parents=True)
    for name in names:
        image = bpy.data.images.new(name, width=size[1], height=size[0])
        image.filepath_raw, image.file_format = str(folder / name), "PNG"
        image.save()


def on_images(shown, path):
    """The same performance, seen in images."""
    return replace(shown, footage=replace(shown.footage, path=str(path), kind="images"))


@pytest.mark.parametrize("name", ["", "shot_0009.png", "shot_####.png"])
def test_the_first_image_of_a_sequence_lies_behind_frame_0(
    scene, performance, plan, tmp_path, name
):
    save_images(tmp_path / "a b", [f"shot_{n:04d}.png" for n in (8, 9, 10)], (48, 64))
    shown = on_images(performance(n_frames=3, size=(48, 64)), tmp_path / "a b" / name)
    built = build_face_scene(scene, [shown], plan=plan(has_camera=True))
    assert built.warnings == ()
    (clip,) = bpy.data.movieclips
    assert (clip.frame_start, clip.frame_duration, clip.name) == (0, 3, "shot_0008.png")
    (behind,) = scene.camera.data.background_images
    assert (behind.display_depth, behind.frame_method, behind.clip) == ("BACK", "FIT", clip)


def test_footage_that_blender_reads_otherwise_is_told(scene, performance, plan, tmp_path):
    save_images(tmp_path / "names", ["ann.png", "bob.png"], (48, 64))
    save_images(tmp_path / "sizes", ["1.png", "2.png"], (64, 48))
    for folder, reason in (("names", "not numbered"), ("sizes", "as 48×64 instead of 64×48")):
        shown = on_images(performance(n_frames=2, size=(48, 64)), tmp_path / folder)
        built = build_face_scene(scene, [shown], plan=plan(has_camera=True))
        assert reason in built.warnings[0]
        assert not bpy.data.movieclips


def save_upside_down(path):
    """Write a movie of 64×48, white at the bottom right once it was turned by 180°."""
    cv2 = pytest.importorskip("cv2")
    code = cv2.VideoWriter_fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, 25, (64, 48))
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:16, :16] = 255
    for _ in range(3):
        writer.write(picture)
    writer.release()
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    one = 1 << 16
    data[at : at + 36] = struct.pack(">9i", -one, 0, 0, 0, -one, 0, 64 * one, 48 * one, 1 << 30)
    path.write_bytes(data)


def test_footage_that_was_taken_upside_down_stands_upright(scene, performance, plan, tmp_path):
    path = tmp_path / "turned.mp4"
    save_upside_down(path)
    shown = performance(n_frames=3, size=(48, 64), path=str(path))
    built = build_face_scene(scene, [shown], plan=plan(has_camera=True))
    assert built.warnings == ()
    (behind,) = scene.camera.data.background_images
    assert behind.use_flip_x == behind.use_flip_y
    movie = bpy.data.images.load(str(path))  # read by the same code as the clip
    seen = np.array(movie.pixels[:]).reshape(48, 64, 4)[::-1, :, 0]
    seen = seen[::-1, ::-1] if behind.use_flip_x else seen
    assert seen[-16:, -16:].mean() > 0.8
    assert seen[:16, :16].mean() < 0.1


def test_footage_that_drifts_is_told(scene, performance, plan, tmp_path):
    save_images(tmp_path / "shots", ["1.png", "2.png", "3.png"], (48, 64))
    shown = performance(time_s=np.array([0, 0.04, 0.2]), size=(48, 64))
    shown = on_images(shown, tmp_path / "shots")
    built = build_face_scene(scene, [shown], plan=plan(has_camera=True))
    assert "drifts by up to 3.0 frames" in built.warnings[0]


@pytest.mark.parametrize("carrier", ["shape-keys", "absolute-keys", "vertices", "cache"])
def test_a_lost_face_is_marked_hidden_and_never_invented(
    scene, performance, vertices_at, plan, carrier
):
    shown = performance(lost=(0, 1, 8, 9, 10, 23))
    animate = AnimateSettings(carrier=carrier)
    (face,) = build_face_scene(scene, [shown], plan=plan(animate=animate)).faces
    markers = [(marker.name, marker.frame) for marker in scene.timeline_markers]
    assert sorted(markers, key=lambda marker: marker[1]) == [
        ("Face lost", 0),
        ("Face found", 2),
        ("Face lost", 8),
        ("Face found", 11),
        ("Face lost", 23),
    ]
    hidden = []
    for frame in range(24):
        scene.frame_set(frame)
        assert face.hide_viewport == face.hide_render
        hidden.append(face.hide_viewport)
    assert np.flatnonzero(hidden).tolist() == [0, 1, 8, 9, 10, 23]
    assert face[LOST_FRAMES] == "0–1, 8–10, 23"
    # Seven and a half: the last pose before the gap stands, it does not drift towards the next.
    last, half = (vertices_at(face, frame, is_world=True) for frame in (7, 7.5))
    if carrier != "cache":
        assert np.array_equal(last, half)


def test_formats_without_visibility_say_where_the_face_is_lost(scene, performance, plan):
    built = build_face_scene(scene, [performance(lost=(4, 5))], plan=plan(is_hiding=False))
    assert built.warnings == (
        "Face is lost in the frames 4–5: there it stands still in this format.",
    )
    assert not built.faces[0].hide_viewport


def test_faces_stand_in_one_world(scene, performance, vertices_at, plan):
    faces = [
        performance(n_faces=3),
        performance(n_faces=3, face_index=1, lost=tuple(range(24))),
        performance(n_faces=3, face_index=2, offset_m=(0.3, 0, -0.8)),
    ]
    built = build_face_scene(scene, faces, plan=plan())
    assert [face.name for face in built.faces] == ["Face 1", "Face 3"]
    centres = [vertices_at(face, 0, is_world=True).mean(axis=0) for face in built.faces]
    assert centres[1] - centres[0] == pytest.approx([0.28, 0.25, -0.03], abs=0.03)
    assert {collection.name for collection in scene.collection.children} == {"take"}


def test_a_face_keeps_its_number_when_another_one_never_came(scene, performance, plan):
    (face,) = build_face_scene(scene, [performance(n_faces=2, face_index=1)], plan=plan()).faces
    assert face.name == face.data.name == "Face 2"


def test_a_take_without_any_pose_builds_nothing(scene, performance, plan):
    with pytest.raises(NoFace, match="'take' holds no face with a pose"):
        build_face_scene(scene, [performance(n_frames=2, lost=(0, 1))], plan=plan())


def test_times_of_a_variable_rate_are_kept(scene, performance, vertices_at, plan):
    time_s = np.array([0.0, 0.04, 0.1, 0.11, 0.3])
    shown = performance(time_s=time_s, rate_hz=25.0)
    animate = AnimateSettings(carrier="absolute-keys")
    (face,) = build_face_scene(scene, [shown], plan=plan(animate=animate)).faces
    assert (scene.frame_start, scene.frame_end) == (0, 8)
    for index, frame in enumerate(time_s * 25.0):
        head = shown.geometry.head_m[index]
        found = vertices_at(face, frame)
        assert found == pytest.approx(np.stack([head[:, 0], -head[:, 2], head[:, 1]], -1), abs=1e-6)


@pytest.mark.parametrize(
    ("rate_hz", "fps", "fps_base"),
    [
        (25.0, 25, 1.0),
        (23.976, 24, 1.001),
        (24000 / 1001, 24, 1.001),
        (29.97, 30, 1.001),
        (59.94, 60, 1.001),
        (60.0, 60, 1.0),
        (12.5, 12, 0.96),
        (0.5, 1, 2.0),
        (14.82, 15, 15 / 14.82),
    ],
)
def test_a_rate_is_said_as_blender_says_it(scene, rate_hz, fps, fps_base):
    rate = scene_rate_of(rate_hz)
    assert (rate.fps, rate.fps_base) == (fps, pytest.approx(fps_base))
    assert rate.hz == pytest.approx(rate_hz, rel=1e-4)


def test_a_rate_beyond_blenders_is_refused():
    with pytest.raises(ArgumentError, match=r"scene rate must lie in 0.01 … 32767 Hz, got 1e\+06"):
        scene_rate_of(1e6)


@pytest.mark.parametrize("use_limit_surface", [False, True])
def test_the_modifier_subdivides_as_the_stencil_does(
    scene, performance, vertices_at, plan, use_limit_surface
):
    mesh = MeshSettings(subdivide=1, use_limit_surface=use_limit_surface)
    shown = [performance(n_frames=3)]
    (by_modifier,) = build_face_scene(scene, shown, plan=plan(mesh=mesh)).faces
    (by_stencil,) = build_face_scene(scene, shown, plan=plan(mesh=mesh, is_baked=True)).faces
    one, other = (vertices_at(face, 2) for face in (by_modifier, by_stencil))
    assert len(one) == len(other) == len(by_stencil.data.vertices)
    nearest = [np.linalg.norm(one - vertex, axis=1).min() for vertex in other]
    assert max(nearest) <= 1e-6
    assert math.isclose(one[:, 1].min(), other[:, 1].min(), abs_tol=1e-6)
