"""What was not written right is an error, and nothing is left of it."""

from __future__ import annotations

import json
import shutil
import struct
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest

from mien.addon.export import abc, fbx, glb_check, scene_file, usdc
from mien.addon.export.expected import expected_of
from mien.addon.export.fbx import write_fbx
from mien.addon.export.fbx_check import check_fbx
from mien.addon.export.glb import write_glb
from mien.addon.export.glb_check import check_glb
from mien.addon.export.scene_file import write_performances
from mien.addon.scene.actions import curves_of
from mien.addon.scene.face_scene import ScenePlan, build_face_scene
from mien.addon.staging import staging_folder
from mien.core.errors import ArgumentError, ExportError
from mien.core.export import read_pc2
from mien.core.records import silent
from mien.core.scene_job import SceneJob
from mien.core.settings import AnimateSettings, MeshSettings


@pytest.fixture
def build(scene, performance, tmp_path):
    """Build a scene; return it with what its file must hold."""

    def make(**changes):
        plan = ScenePlan(
            name="take",
            animate=AnimateSettings(),
            mesh=MeshSettings(),
            cache=tmp_path / "take.pc2",
            is_hiding=False,
        )
        built = build_face_scene(scene, [performance(n_frames=10)], plan=replace(plan, **changes))
        return built, expected_of(scene, built)

    return make


def write(output: Path, performances, textures=(), **settings):
    job = SceneJob(take="", output=str(output), **settings)
    with staging_folder(output) as staging:
        return write_performances(
            performances, job=job, staging=staging, textures=textures, on_progress=silent
        )


def without_animation(face: bpy.types.Object) -> None:
    """Take the curves of expression and motion away."""
    face.animation_data_clear()
    face.data.shape_keys.animation_data_clear()


@pytest.mark.parametrize(("write_it", "check"), [(write_glb, check_glb), (write_fbx, check_fbx)])
def test_a_file_without_its_animation_is_an_error(build, tmp_path, write_it, check):
    built, expected = build()
    path = tmp_path / "face"
    without_animation(built.faces[0])
    write_it(path.with_suffix(".glb" if write_it is write_glb else ".fbx"), has_camera=False)
    (path,) = tmp_path.iterdir()
    with pytest.raises(ExportError, match=r"was not written right: .*animat"):
        check(path, expected)


@pytest.mark.parametrize(("write_it", "check"), [(write_glb, check_glb), (write_fbx, check_fbx)])
def test_a_file_without_its_shape_keys_is_an_error(build, tmp_path, write_it, check):
    built, expected = build()
    built.faces[0].shape_key_clear()
    write_it(tmp_path / ("face.glb" if write_it is write_glb else "face.fbx"), has_camera=False)
    (path,) = tmp_path.iterdir()
    with pytest.raises(ExportError, match=r"(0\] morph targets|0 shape keys) instead of"):
        check(path, expected)


BY_FORMAT = pytest.mark.parametrize(
    ("name", "write_it", "check"),
    [("face.glb", write_glb, check_glb), ("face.fbx", write_fbx, check_fbx)],
)


def coordinates(points) -> np.ndarray:
    """Read the points of a shape key."""
    found = np.zeros(len(points) * 3, np.float32)
    points.foreach_get("co", found)
    return found


@BY_FORMAT
def test_shape_keys_that_changed_places_are_an_error(build, tmp_path, name, write_it, check):
    built, expected = build()
    _, first, second, *_ = built.faces[0].data.shape_keys.key_blocks
    one, other = coordinates(first.points), coordinates(second.points)
    first.points.foreach_set("co", other)
    second.points.foreach_set("co", one)
    write_it(tmp_path / name, has_camera=False)
    with pytest.raises(ExportError, match=rf"shape key '{first.name}' of 'Face' lies .* mm off"):
        check(tmp_path / name, expected)


@BY_FORMAT
def test_an_emptied_shape_key_is_an_error(build, tmp_path, name, write_it, check):
    built, expected = build()
    basis, *_, last = built.faces[0].data.shape_keys.key_blocks
    last.points.foreach_set("co", coordinates(basis.points))
    write_it(tmp_path / name, has_camera=False)
    with pytest.raises(ExportError, match=rf"shape key '{last.name}' of 'Face' lies .* mm off"):
        check(tmp_path / name, expected)


@BY_FORMAT
def test_a_bent_neutral_shape_is_an_error(build, tmp_path, name, write_it, check):
    built, expected = build()
    for block in built.faces[0].data.shape_keys.key_blocks:
        block.points[7].co.x += 0.001
    built.faces[0].data.vertices[7].co.x += 0.001
    write_it(tmp_path / name, has_camera=False)
    with pytest.raises(ExportError, match="neutral shape of 'Face' lies 1 mm off"):
        check(tmp_path / name, expected)


@BY_FORMAT
@pytest.mark.parametrize(
    ("path", "change"), [("location", 1.0), ("rotation_quaternion", 0.1), ("scale", 0.1)]
)
def test_a_head_that_moves_otherwise_is_an_error(
    build, tmp_path, name, write_it, check, path, change
):
    built, expected = build()
    for curve in curves_of(built.faces[0]):
        if (curve.data_path, curve.array_index) == (path, 1):
            for key in curve.keyframe_points:
                key.co[1] += change
    write_it(tmp_path / name, has_camera=False)
    with pytest.raises(ExportError, match=r"'Face' lies .* mm off"):
        check(tmp_path / name, expected)


@BY_FORMAT
def test_weights_of_another_expression_are_an_error(build, tmp_path, name, write_it, check):
    built, expected = build()
    (curve, *_) = curves_of(built.faces[0].data.shape_keys)
    for key in curve.keyframe_points:
        key.co[1] = min(1.0, key.co[1] + 0.01)
    write_it(tmp_path / name, has_camera=False)
    with pytest.raises(ExportError, match="animates another expression of 'Face'"):
        check(tmp_path / name, expected)


@BY_FORMAT
@pytest.mark.parametrize("level", [0, 1])
def test_two_faces_with_keys_of_the_same_names_pass(
    scene, performance, tmp_path, name, write_it, check, level
):
    plan = ScenePlan(
        name="take",
        animate=AnimateSettings(),
        mesh=MeshSettings(subdivide=level),
        cache=tmp_path / "take.pc2",
        is_baked=True,
        is_hiding=False,
    )
    faces = [
        performance(n_frames=10, n_faces=2, face_index=index, offset_m=(0.1 * index, 0, -0.5))
        for index in range(2)
    ]
    expected = expected_of(scene, build_face_scene(scene, faces, plan=plan))
    write_it(tmp_path / name, has_camera=False)
    check(tmp_path / name, expected)


def vertex_normals(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Mean of the triangles' normals around a vertex, weighted by the angle there, (n, 3)."""
    sums = np.zeros_like(points)
    for corner in range(3):
        at, after, before = (points[triangles[:, (corner + k) % 3]] for k in range(3))
        one, other = after - at, before - at
        across = np.cross(one, other)
        sine = np.linalg.norm(across, axis=1)
        angle = np.arctan2(sine, (one * other).sum(1))
        np.add.at(sums, triangles[:, corner], across * (angle / sine)[:, None])
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


def test_normals_of_a_gltf_follow_its_morph_targets(build, performance, tmp_path):
    build()
    write_glb(tmp_path / "face.glb", has_camera=False)
    document = glb_check._read(tmp_path / "face.glb")
    primitive = document.json["meshes"][0]["primitives"][0]
    rest = [document.floats(primitive["attributes"][name]) for name in ("POSITION", "NORMAL")]
    triangles = performance(n_frames=1).topology.triangles
    still = vertex_normals(rest[0].astype(float), triangles)
    assert np.abs(rest[1] - still).max() < 1e-3
    for target in primitive["targets"]:
        points, normals = (
            base + document.floats(target[name])
            for base, name in zip(rest, ("POSITION", "NORMAL"), strict=True)
        )
        wanted = vertex_normals(points.astype(float), triangles)
        assert np.abs(wanted - still).max() > 0.01, "the target turns the surface somewhere"
        assert np.abs(normals - wanted).max() < 1e-3


def test_a_gltf_at_wrong_times_is_an_error(build, tmp_path):
    _, expected = build(scene_rate_hz=29.97)
    path = tmp_path / "face.glb"
    write_glb(path, has_camera=False)
    check_glb(path, expected)
    with pytest.raises(ExportError, match=r"lasts 0\.\d+ s instead of 0\.\d+ s"):
        check_glb(path, replace(expected, rate_hz=29.97 / 1.05))


def test_a_gltf_split_in_two_animations_is_an_error(build, tmp_path):
    _, expected = build()
    path = tmp_path / "face.glb"
    write_glb(path, has_camera=False)
    content = path.read_bytes()
    (length,) = struct.unpack_from("<I", content, 12)
    document = json.loads(content[20 : 20 + length])
    document["animations"] *= 2
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    rest = content[20 + length :]
    head = struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text) + len(rest), len(text), b"JSON")
    path.write_bytes(head + text + rest)
    with pytest.raises(ExportError, match="2 animations instead of one"):
        check_glb(path, expected)


@pytest.mark.parametrize("suffix", [".abc", ".usdc"])
def test_a_cache_that_stands_still_is_an_error(build, scene, tmp_path, suffix):
    built, expected = build(animate=AnimateSettings(carrier="cache"))
    face = built.faces[0]
    face.modifiers.clear()
    form = {".abc": (abc.write_abc, abc.check_abc), ".usdc": (usdc.write_usdc, usdc.check_usdc)}
    write_it, check = form[suffix]
    path = tmp_path / f"face{suffix}"
    write_it(path, has_camera=False)
    with pytest.raises(ExportError, match=r"'Face' lies .* mm off"):
        check(path, expected)
    assert [one.name for one in bpy.data.scenes] == [scene.name], "the check leaves no scene"


@pytest.mark.parametrize("suffix", [".blend", ".fbx", ".glb", ".abc", ".usdc"])
def test_a_failed_check_keeps_the_old_file(tmp_path, performance, monkeypatch, suffix):
    output = tmp_path / f"face{suffix}"
    output.write_bytes(b"old")

    def fail(path, expected):
        raise ExportError("as if")

    form = replace(scene_file._FORMATS[suffix], check=fail)
    monkeypatch.setitem(scene_file._FORMATS, suffix, form)
    animate = AnimateSettings(carrier="cache")
    with pytest.raises(ExportError, match="as if"):
        write(output, [performance(n_frames=3)], animate=animate)
    assert [path.name for path in tmp_path.iterdir()] == [output.name]
    assert output.read_bytes() == b"old"


@pytest.mark.parametrize("taken", ["face.pc2", "face-2.pc2"])
def test_a_point_cache_of_someone_else_is_left_alone(tmp_path, performance, taken):
    (tmp_path / taken).write_bytes(b"mine")
    faces = [performance(n_frames=3, n_faces=2, face_index=index) for index in range(2)]
    with pytest.raises(ExportError, match=rf"'{taken}' beside .* Choose another name"):
        write(tmp_path / "face.blend", faces, animate=AnimateSettings(carrier="cache"))
    assert [path.name for path in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).read_bytes() == b"mine"
    write(tmp_path / "face.blend", faces)  # another carrier does not touch it
    assert (tmp_path / taken).read_bytes() == b"mine"


def test_the_point_cache_of_a_blend_is_replaced_with_it(tmp_path, performance):
    animate = AnimateSettings(carrier="cache")
    write(tmp_path / "face.blend", [performance(n_frames=3)], animate=animate)
    write(tmp_path / "face.blend", [performance(n_frames=5)], animate=animate)
    assert len(read_pc2(tmp_path / "face.pc2").positions) == 5


@pytest.mark.parametrize("has_old", [False, True])
def test_a_point_cache_is_not_left_without_its_blend(tmp_path, performance, has_old):
    (tmp_path / "face.blend").mkdir()
    if has_old:
        (tmp_path / "face.pc2").write_bytes(b"old")
    with pytest.raises(ExportError, match=r"'face\.blend' could not be written"):
        write(
            tmp_path / "face.blend",
            [performance(n_frames=3)],
            animate=AnimateSettings(carrier="cache"),
        )
    left = {path.name: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()}
    assert left == {"face.blend": False} | ({"face.pc2": b"old"} if has_old else {})


def test_an_output_that_is_a_folder_is_told(tmp_path, performance):
    (tmp_path / "face.glb").mkdir()
    with pytest.raises(ExportError, match=r"'face\.glb' could not be written"):
        write(tmp_path / "face.glb", [performance(n_frames=3)])
    assert [path.name for path in tmp_path.iterdir()] == ["face.glb"]


def test_an_unknown_suffix_is_told(tmp_path, performance):
    job = SceneJob(take="", output=str(tmp_path / "face.obj"))
    with pytest.raises(ArgumentError, match=r"'face\.obj' must end in one of \.blend, \.fbx"):
        scene_file.write_scene_job(job, staging=tmp_path, on_progress=silent)


@pytest.mark.parametrize(
    ("module", "library", "write_it"),
    [(abc, "alembic", abc.write_abc), (usdc, "usd", usdc.write_usdc)],
)
def test_a_blender_without_a_library_is_told(
    tmp_path, scene, monkeypatch, module, library, write_it
):
    class Bare:
        class app:
            class build_options:
                alembic = usd = False

    monkeypatch.setattr(module, "bpy", Bare)
    with pytest.raises(
        ExportError, match=rf"without {library}".replace("usd", "USD").replace("al", "Al")
    ):
        write_it(tmp_path / "x", has_camera=False)


def test_a_blender_without_an_exporter_is_told(tmp_path, scene, monkeypatch):
    monkeypatch.setattr(fbx.addon_utils, "enable", lambda name: None)
    with pytest.raises(ExportError, match="no FBX exporter"):
        write_fbx(tmp_path / "x.fbx", has_camera=False)
    with pytest.raises(ExportError, match="no glTF exporter"):
        write_glb(tmp_path / "x.glb", has_camera=False)


@pytest.mark.parametrize("suffix", [".blend", ".fbx", ".glb", ".abc", ".usdc"])
@pytest.mark.parametrize("n_frames", [1, 4])
def test_a_single_picture_and_a_still_face_are_written_too(tmp_path, performance, suffix, n_frames):
    shown = performance(time_s=np.arange(n_frames) / 25.0)
    head = np.repeat(shown.geometry.head_m[:1], n_frames, axis=0)
    pose = np.repeat(shown.geometry.camera_from_head[:1], n_frames, axis=0)
    geometry = replace(shown.geometry, head_m=head, camera_from_head=pose)
    report = write(tmp_path / f"face{suffix}", [replace(shown, geometry=geometry)])
    assert report.n_blendshapes == 0
    assert len(list(tmp_path.iterdir())) == 1


def save_texture(path: Path) -> Path:
    """A red picture."""
    image = bpy.data.images.new("red", width=8, height=8)
    image.pixels.foreach_set(np.tile(np.array([1, 0, 0, 1], np.float32), 64))
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()
    return path


@pytest.mark.parametrize("suffix", [".usdc"])
def test_textures_lie_beside_a_usd_file_by_their_own_names(tmp_path, performance, scene, suffix):
    texture = save_texture(tmp_path / "red.png")
    (tmp_path / "out").mkdir()
    for name in ("ann", "bob", "ann"):
        output = tmp_path / "out" / f"{name}{suffix}"
        write(output, [performance(n_frames=3)], textures=(str(texture),))
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"ann.usdc", "bob.usdc", "textures"}
    inside = sorted(
        path.stem.replace(" ", "_") for path in (tmp_path / "out" / "textures").iterdir()
    )
    assert inside == ["ann_Face", "bob_Face"]
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.ops.wm.usd_import(filepath=str(tmp_path / "out" / "ann.usdc"))
    (image,) = (one for one in bpy.data.images if one.size[0] == 8)
    assert list(image.pixels[:4]) == [1.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize("suffix", [".blend", ".fbx", ".glb"])
def test_the_texture_travels_inside_the_file(tmp_path, performance, scene, suffix):
    texture = save_texture(tmp_path / "red.png")
    (tmp_path / "out").mkdir()
    output = tmp_path / "out" / f"face{suffix}"
    write(output, [performance(n_frames=3)], textures=(str(texture),))
    texture.unlink()
    moved = shutil.move(output, tmp_path / output.name)
    assert list((tmp_path / "out").iterdir()) == []
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    if suffix == ".blend":
        bpy.ops.wm.open_mainfile(filepath=str(moved))
    elif suffix == ".fbx":
        bpy.ops.import_scene.fbx(filepath=str(moved))
    else:
        bpy.ops.import_scene.gltf(filepath=str(moved))
    (image,) = (one for one in bpy.data.images if one.size[0] == 8)
    assert list(image.pixels[:4]) == [1.0, 0.0, 0.0, 1.0]
    (material,) = (one for one in bpy.data.materials if one.node_tree)
    assert any(node.type == "TEX_IMAGE" for node in material.node_tree.nodes)
