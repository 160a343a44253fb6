"""Each file is opened again by Blender's own importers, and every vertex is where it was."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from mien.addon.export.scene_file import write_performances
from mien.addon.scene.axes import world_from_camera_of
from mien.addon.staging import staging_folder
from mien.core.mesh import polygon_mesh, subdivide_positions, subdivision
from mien.core.records import silent
from mien.core.scene_job import SceneJob
from mien.core.settings import AnimateSettings, MeshSettings
from mien.core.spaces import apply_transform

TOLERANCE_M = 1e-4
MODULES = {".fbx": "io_scene_fbx", ".glb": "io_scene_gltf2"}


def write(output: Path, performances, **settings):
    """Write solved faces as a job would; returns its report."""
    job = SceneJob(take="", output=str(output), **settings)
    with staging_folder(output) as staging:
        return write_performances(performances, job=job, staging=staging, on_progress=silent)


def open_again(path: Path, *, rate_hz: float = 25.0) -> list[bpy.types.Object]:
    """Open a file in an empty scene of the given rate; return its faces by name."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    render = bpy.context.scene.render
    render.fps, render.fps_base = round(rate_hz), round(rate_hz) / rate_hz
    name = str(path)
    if path.suffix == ".blend":
        bpy.ops.wm.open_mainfile(filepath=name)
    elif path.suffix == ".fbx":
        bpy.ops.import_scene.fbx(filepath=name, anim_offset=0.0)
    elif path.suffix == ".glb":
        bpy.ops.import_scene.gltf(filepath=name)
    elif path.suffix == ".abc":
        bpy.ops.wm.alembic_import(filepath=name, as_background_job=False)
    else:
        bpy.ops.wm.usd_import(filepath=name)
    meshes = [obj for obj in bpy.context.scene.objects if obj.type == "MESH"]
    return sorted((obj for obj in meshes if len(obj.data.vertices) > 400), key=lambda o: o.name)


def true_world(performance, *, first=None, mesh=None) -> np.ndarray:
    """Where every vertex belongs, (n_frames, n_vertices, 3), in the world."""
    geometry = performance.geometry
    world = world_from_camera_of((first or performance).geometry)
    head = geometry.head_m
    if mesh is not None and mesh.subdivide:
        topology = performance.topology
        fine = subdivision(
            polygon_mesh(topology.triangles, n_vertices=len(topology.neutral_m)),
            levels=mesh.subdivide,
            use_limit_surface=mesh.use_limit_surface,
        )
        head = subdivide_positions(fine.stencil, head)
    return apply_transform(world @ geometry.camera_from_head, head)


def worst_error(faces, truths, vertices_at, frames) -> float:
    """Largest distance of any vertex at (scene frame, index of the truth) pairs."""
    worst = 0.0
    for face, truth in zip(faces, truths, strict=True):
        order = None
        for frame, index in frames:
            found = vertices_at(face, frame, is_world=True)
            assert found.shape == truth[index].shape
            if order is None:  # Blender's modifier has its own order of a fine mesh's vertices
                distances = np.linalg.norm(truth[index][:, None] - found, axis=-1)
                order = distances.argmin(axis=1)
            worst = max(worst, float(np.linalg.norm(found[order] - truth[index], axis=-1).max()))
    return worst


@pytest.mark.parametrize("carrier", ["shape-keys", "absolute-keys", "vertices", "cache"])
def test_a_blend_plays_what_was_captured(tmp_path, performance, vertices_at, carrier):
    shown = performance()
    output = tmp_path / "a face.blend"
    report = write(output, [shown], animate=AnimateSettings(carrier=carrier))
    assert report.carrier == carrier
    (face,) = open_again(output)
    scene = bpy.context.scene
    assert (scene.frame_start, scene.frame_end) == (0, 23)
    tolerance = 1e-4 if carrier == "shape-keys" else 1e-6
    every = [(index, index) for index in range(24)]
    assert worst_error([face], [true_world(shown)], vertices_at, every) <= tolerance
    beside = ["a face.blend", "a face.pc2"] if carrier == "cache" else ["a face.blend"]
    assert sorted(path.name for path in tmp_path.iterdir()) == beside


@pytest.mark.parametrize("suffix", [".fbx", ".glb", ".abc", ".usdc"])
@pytest.mark.parametrize(
    ("carrier", "rate_hz", "level"),
    [("shape-keys", 25.0, 0), ("vertices", 30000 / 1001, 0), ("shape-keys", 24000 / 1001, 1)],
)
def test_an_export_plays_what_was_captured(
    tmp_path, performance, vertices_at, suffix, carrier, rate_hz, level
):
    faces = [performance(rate_hz=rate_hz), performance(rate_hz=rate_hz, offset_m=(-0.2, 0, -0.7))]
    output = tmp_path / f"face{suffix}"
    mesh = MeshSettings(subdivide=level)
    write(output, faces, animate=AnimateSettings(carrier=carrier), mesh=mesh)
    assert [path.name for path in tmp_path.iterdir()] == [output.name]
    truths = [true_world(one, first=faces[0], mesh=mesh) for one in faces]
    found = open_again(output, rate_hz=50.0 if suffix == ".glb" else rate_hz)
    # The importers of FBX and glTF know no fps_base: their keys lie between whole frames.
    per_second = bpy.context.scene.render.fps if suffix in (".fbx", ".glb") else rate_hz
    every = [(index * per_second / rate_hz, index) for index in (0, 1, 7, 12, 22, 23)]
    assert len(found) == 2
    assert worst_error(found, truths, vertices_at, every) <= TOLERANCE_M


@pytest.mark.parametrize("suffix", [".blend", ".fbx", ".glb", ".abc", ".usdc"])
def test_a_take_that_starts_late_stands_at_its_own_frames(
    tmp_path, performance, vertices_at, suffix
):
    late = performance(time_s=2.0 + np.arange(24) / 25.0)
    output = tmp_path / f"face{suffix}"
    write(output, [late])
    (face,) = open_again(output)
    scene = bpy.context.scene
    if suffix == ".blend":
        assert (scene.frame_start, scene.frame_end) == (50, 73)
    per_second = scene.render.fps / scene.render.fps_base
    every = [((2.0 + index / 25.0) * per_second, index) for index in (0, 1, 12, 23)]
    assert worst_error([face], [true_world(late)], vertices_at, every) <= TOLERANCE_M


@pytest.mark.parametrize("carrier", ["shape-keys", "absolute-keys", "vertices", "cache"])
@pytest.mark.parametrize("level", [0, 1])
def test_a_face_lost_at_both_ends_and_between_is_written(
    tmp_path, performance, vertices_at, carrier, level
):
    gappy = performance(lost=(0, 1, 11, 12, 23))
    output = tmp_path / "face.blend"
    mesh = MeshSettings(subdivide=level)
    write(output, [gappy], animate=AnimateSettings(carrier=carrier), mesh=mesh)
    (face,) = open_again(output)
    every = [(index, index) for index in (2, 10, 13, 22)]
    truth = true_world(gappy, mesh=mesh)
    assert worst_error([face], [truth], vertices_at, every) <= TOLERANCE_M
    bpy.context.scene.frame_set(11)
    assert face.hide_viewport


@pytest.mark.parametrize("has_camera", [False, True])
def test_an_opened_blend_shows_the_face_lit_and_chosen(tmp_path, performance, has_camera):
    output = tmp_path / "face.blend"
    write(output, [performance()], has_camera=has_camera)
    (face,) = open_again(output)
    scene = bpy.context.scene
    assert scene.world is not None
    assert scene.view_layers[0].objects.active == face
    views = [
        area.spaces.active
        for screen in bpy.data.screens
        for area in screen.areas
        if area.type == "VIEW_3D"
    ]
    assert views
    for view in views:
        assert view.region_3d.view_perspective == ("CAMERA" if has_camera else "PERSP")
        assert view.shading.color_type == "TEXTURE"
        # What the view turns round is the face, within its own size.
        assert (view.region_3d.view_location - face.matrix_world.translation).length < 0.2


def test_too_few_shape_keys_say_so_and_what_is_exact(tmp_path, performance):
    few = AnimateSettings(tolerance_m=1e-6, max_blendshapes=2)
    report = write(tmp_path / "face.blend", [performance()], animate=few)
    assert report.n_blendshapes <= 2
    assert report.worst_error_m > 1e-4
    (warning,) = report.warnings
    assert "as many as are allowed" in warning
    assert f"{report.worst_error_m * 1e3:.3g} mm" in warning
    assert "'cache'" in warning
