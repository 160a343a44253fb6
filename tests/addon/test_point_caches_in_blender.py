"""Blender plays our point caches on our neutral mesh: two readers that are not ours."""

from __future__ import annotations

import numpy as np
import pytest

from mien.core.export import write_mdd, write_neutral_obj, write_pc2

bpy = pytest.importorskip("bpy", reason="the bpy module is not installed")

FACES = np.array([[0, 1, 2], [2, 1, 3], [2, 3, 4]])


def _positions(n_samples: int = 6) -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.1, 0.1, (n_samples, 5, 3)).astype(np.float32)


def _imported(path) -> bpy.types.Object:
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.ops.wm.obj_import(filepath=str(path), forward_axis="Y", up_axis="Z")
    (imported,) = bpy.context.scene.objects
    return imported


def _points(mesh) -> np.ndarray:
    found = np.zeros((len(mesh.vertices), 3), np.float32)
    mesh.vertices.foreach_get("co", found.ravel())
    return found


def test_the_neutral_mesh_keeps_its_order_axes_and_uvs(tmp_path):
    uv = np.random.default_rng(1).uniform(size=(5, 2)).astype(np.float32)
    write_neutral_obj(tmp_path / "face.obj", _positions()[0], faces=FACES, uv=uv)
    mesh = _imported(tmp_path / "face.obj").data
    assert np.array_equal(_points(mesh), _positions()[0])
    assert [list(polygon.vertices) for polygon in mesh.polygons] == FACES.tolist()
    found = np.array([corner.uv for corner in mesh.uv_layers[0].data])
    assert np.abs(found - uv[FACES.ravel()]).max() < 1e-7


@pytest.mark.parametrize("suffix", ["pc2", "mdd"])
def test_each_scene_frame_shows_its_sample(tmp_path, suffix):
    positions = _positions()
    uv = np.zeros((5, 2), np.float32)
    write_neutral_obj(tmp_path / "face.obj", positions[0], faces=FACES, uv=uv)
    cache = tmp_path / f"face.{suffix}"
    if suffix == "pc2":
        write_pc2(cache, positions, start_frame=0.0)
    else:
        write_mdd(cache, positions, times_s=np.arange(6) / 24.0)
    face = _imported(tmp_path / "face.obj")
    modifier = face.modifiers.new("cache", "MESH_CACHE")
    modifier.cache_format, modifier.filepath = suffix.upper(), str(cache)
    modifier.frame_start = 0
    for frame, sample in enumerate(positions):
        bpy.context.scene.frame_set(frame)
        evaluated = face.evaluated_get(bpy.context.evaluated_depsgraph_get())
        assert np.abs(_points(evaluated.data) - sample).max() < 1e-7, frame
