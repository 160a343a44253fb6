"""The main job on real footage: every format is read back and agrees with the take."""

import importlib.util
from pathlib import Path

import bpy
import numpy as np
import pytest

from mien.addon.scene.axes import world_from_camera_of
from mien.addon.scene_process import SceneProcess
from mien.core.cli import main
from mien.core.export import read_mdd, read_pc2
from mien.core.pipeline import solve
from mien.core.settings import SmoothSettings
from mien.core.spaces import apply_transform, scene_from_head
from mien.core.takes import read_take

missing = [name for name in ("cv2", "onnxruntime") if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.weights,
    pytest.mark.skipif(bool(missing), reason=f"{' and '.join(missing)} not installed here"),
]

# One whole, with strong expressions; one that loses the face, of a variable rate.
# One of each mesh: triangles, and quads that were sampled from a position map.
CLIPS = {
    "liveportrait_d12.mp4": ["--engine", "facemesh"],
    "pyfeat_face_noface.mov": ["--engine", "facemesh"],
    "sadtalker_WDA_KatieHill.mp4": ["--engine", "prnet", "--density", "4k", "--end", "2"],
}
SUFFIXES = (".blend", ".fbx", ".glb", ".abc", ".usdc", ".pc2", ".mdd", ".npz", ".csv", ".mp4")
TOLERANCE_M = 1e-4
# Point caches hold one sample a scene frame: they are asked for where a frame of the footage lies.
ON_THE_FRAME = 1e-3


@pytest.fixture(scope="module", params=CLIPS)
def animated(request, data_file, tmp_path_factory):
    """Run `mien animate` once a clip, into every format; return the folder and the solved face."""
    clip = data_file(f"clips/{request.param}")
    folder = tmp_path_factory.mktemp(Path(request.param).stem)
    outputs = [folder / f"face{suffix}" for suffix in SUFFIXES if _can_write(suffix)]
    words = [word for output in outputs for word in ("-o", str(output))]
    options = [*CLIPS[request.param], "--take", str(folder / "take")]
    code = main(["animate", str(clip), *words, *options], scene_writer=SceneProcess())
    assert code == 0
    assert all(output.stat().st_size > 0 for output in outputs)
    density = "4k" if "4k" in options else "1k"
    (performance,) = solve(read_take(folder / "take"), SmoothSettings(), density=density)
    return folder, performance


def _can_write(suffix):
    needs = {".abc": "alembic", ".usdc": "usd"}
    return suffix not in needs or getattr(bpy.app.build_options, needs[suffix])


def _open_again(path, *, rate_hz, n_vertices):
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    render = bpy.context.scene.render
    render.fps, render.fps_base = round(rate_hz), round(rate_hz) / rate_hz
    readers = {
        ".blend": lambda: bpy.ops.wm.open_mainfile(filepath=str(path)),
        ".fbx": lambda: bpy.ops.import_scene.fbx(filepath=str(path), anim_offset=0.0),
        ".glb": lambda: bpy.ops.import_scene.gltf(filepath=str(path)),
        ".abc": lambda: bpy.ops.wm.alembic_import(filepath=str(path), as_background_job=False),
        ".usdc": lambda: bpy.ops.wm.usd_import(filepath=str(path)),
    }
    readers[path.suffix]()
    (face,) = (
        obj
        for obj in bpy.context.scene.objects
        if obj.type == "MESH" and len(obj.data.vertices) == n_vertices
    )
    return face


@pytest.mark.parametrize("suffix", [".blend", ".fbx", ".glb", ".abc", ".usdc"])
def test_what_blender_reads_back_is_the_take(animated, suffix, vertices_at):
    folder, performance = animated
    if not _can_write(suffix):
        pytest.skip(f"this Blender was built without {suffix}")
    rate_hz = performance.footage.rate_hz
    n_vertices = len(performance.topology.neutral_m)
    face = _open_again(folder / f"face{suffix}", rate_hz=rate_hz, n_vertices=n_vertices)
    # The importers of FBX and glTF know no fps_base.
    per_second = bpy.context.scene.render.fps if suffix in (".fbx", ".glb") else rate_hz
    geometry = performance.geometry
    truth = apply_transform(
        world_from_camera_of(geometry) @ geometry.camera_from_head, geometry.head_m
    )
    frames = performance.time_s * rate_hz
    is_asked = performance.is_present
    if suffix == ".abc":
        is_asked = is_asked & (np.abs(frames - frames.round()) < ON_THE_FRAME)
    assert is_asked.sum() > 30
    errors = [
        np.linalg.norm(
            vertices_at(face, performance.time_s[index] * per_second, is_world=True) - truth[index],
            axis=-1,
        ).max()
        for index in np.flatnonzero(is_asked)
    ]
    print(f"{folder.name} {suffix}: worst {max(errors) * 1000:.4f} mm in {len(errors)} frames")
    assert max(errors) <= TOLERANCE_M


@pytest.mark.parametrize("suffix", [".pc2", ".mdd"])
def test_point_caches_hold_the_take(animated, suffix):
    folder, performance = animated
    reader = read_pc2 if suffix == ".pc2" else read_mdd
    cache = reader(folder / f"face{suffix}")
    frames = performance.time_s * performance.footage.rate_hz
    is_asked = performance.is_present & (np.abs(frames - frames.round()) < ON_THE_FRAME)
    assert is_asked.sum() > 30
    found = cache.positions[frames.round().astype(int)[is_asked]]
    truth = scene_from_head(performance.geometry.head_m[is_asked])
    assert np.linalg.norm(found - truth, axis=-1).max() <= TOLERANCE_M


def test_the_arrays_are_the_take_to_the_bit(animated):
    folder, performance = animated
    arrays = np.load(folder / "face.npz")
    np.testing.assert_array_equal(arrays["time_s"], performance.time_s)
    np.testing.assert_array_equal(arrays["landmarks_px"], performance.track.landmarks_px)
    np.testing.assert_array_equal(arrays["head_m"], performance.geometry.head_m)
    projected = apply_transform(arrays["image_from_head"], arrays["head_m"])[..., :2]
    seen = performance.is_present
    off = np.abs(projected[seen] - arrays["landmarks_smooth_px"][seen][..., :2])
    assert off.max() < 0.01
    assert np.isnan(arrays["head_m"][~seen]).all()


def test_the_table_has_a_row_a_frame(animated):
    folder, performance = animated
    header, *rows = (folder / "face.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == len(performance.time_s)
    x_column = header.split(",").index("x_1")
    first = int(np.flatnonzero(performance.is_present)[0])
    found = float(rows[first].split(",")[x_column])
    assert found == pytest.approx(float(performance.geometry.head_m[first, 1, 0]), abs=1e-6)


def test_the_overlay_has_a_picture_a_frame(animated):
    import cv2

    folder, performance = animated
    video = cv2.VideoCapture(str(folder / "face.mp4"))
    n_frames = 0
    while video.grab():
        n_frames += 1
    span_s = performance.time_s[-1] - performance.time_s[0]
    assert n_frames == pytest.approx(span_s * performance.footage.rate_hz + 1, abs=1)
