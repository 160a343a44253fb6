"""A `.blend` that does not play what the scene plays is an error, and so is its point cache."""

from __future__ import annotations

from dataclasses import replace

import bpy
import pytest

from mien.addon.export.blend import check_blend, write_blend
from mien.addon.export.expected import expected_of
from mien.addon.scene.actions import curves_of
from mien.addon.scene.face_scene import ScenePlan, build_face_scene
from mien.core.errors import ExportError
from mien.core.export import read_pc2, write_pc2
from mien.core.settings import AnimateSettings, MeshSettings


@pytest.fixture
def build(scene, performance, tmp_path):
    """Build a scene with a carrier; return its face, and what its file must hold."""

    def make(carrier, **changes):
        plan = ScenePlan(
            name="take",
            animate=AnimateSettings(carrier=carrier),
            mesh=MeshSettings(),
            cache=tmp_path / "take.pc2",
        )
        built = build_face_scene(scene, [performance(n_frames=10)], plan=replace(plan, **changes))
        return built.faces[0], expected_of(scene, built)

    return make


@pytest.fixture
def check(tmp_path):
    """Write the scene and check it."""

    def write_and_check(expected):
        path = tmp_path / "take.blend"
        write_blend(path, home=tmp_path)
        check_blend(path, expected)

    return write_and_check


CARRIERS = pytest.mark.parametrize("carrier", ["shape-keys", "absolute-keys", "vertices", "cache"])


@CARRIERS
def test_what_was_built_passes_and_leaves_nothing_behind(build, check, carrier):
    _, expected = build(carrier)
    check(expected)
    assert (len(bpy.data.scenes), len(bpy.data.objects), len(bpy.data.libraries)) == (1, 1, 0)


@pytest.mark.parametrize("carrier", ["shape-keys", "absolute-keys"])
def test_shape_keys_without_their_action_are_an_error(build, check, carrier):
    face, expected = build(carrier)
    bpy.data.actions.remove(face.data.shape_keys.animation_data.action)
    with pytest.raises(ExportError, match=r"'Face' has \d+ keyframes in 1\d curves instead of"):
        check(expected)


@CARRIERS
def test_a_face_without_its_motion_is_an_error(build, check, carrier):
    face, expected = build(carrier)
    face.animation_data_clear()
    with pytest.raises(ExportError, match=r"'Face' has .* keyframes in .* curves instead of"):
        check(expected)


@pytest.mark.parametrize("carrier", ["shape-keys", "absolute-keys"])
def test_cleared_shape_keys_are_an_error(build, check, carrier):
    face, expected = build(carrier)
    face.shape_key_clear()
    with pytest.raises(ExportError, match="was not written right: 'Face' has"):
        check(expected)


def test_an_emptied_shape_key_is_an_error(build, check):
    face, expected = build("shape-keys")
    basis, *blocks = face.data.shape_keys.key_blocks
    for block, rest in zip(blocks[0].points, basis.points, strict=True):
        block.co = rest.co
    with pytest.raises(ExportError, match=r"'Face' lies .* mm off"):
        check(expected)


@pytest.mark.parametrize("carrier", ["shape-keys", "vertices"])
def test_one_lost_keyframe_is_an_error(build, check, carrier):
    face, expected = build(carrier)
    animated = face.data if carrier == "vertices" else face.data.shape_keys
    n_curves = len(curves_of(animated)) + len(curves_of(face))
    assert carrier != "vertices" or n_curves == 468 * 3 + 10
    points = curves_of(animated)[-1].keyframe_points
    points.remove(points[3])
    words = rf"has {n_curves * 10 - 1} keyframes .* instead of {n_curves * 10}"
    with pytest.raises(ExportError, match=words):
        check(expected)


def test_a_file_without_its_face_is_an_error(build, check):
    face, expected = build("shape-keys")
    face.name = "Nobody"
    with pytest.raises(ExportError, match="it lacks the object 'Face'"):
        check(expected)


def test_a_missing_point_cache_is_an_error(build, check, tmp_path):
    _, expected = build("cache")
    (tmp_path / "take.pc2").unlink()
    with pytest.raises(ExportError, match=r"take\.pc2' cannot be read"):
        check(expected)


def test_a_cut_point_cache_is_an_error(build, check, tmp_path):
    _, expected = build("cache")
    whole = (tmp_path / "take.pc2").read_bytes()
    (tmp_path / "take.pc2").write_bytes(whole[:-100])
    with pytest.raises(ExportError, match=r"'take\.pc2' is damaged"):
        check(expected)


def test_a_point_cache_of_another_mesh_is_an_error(build, check, tmp_path):
    _, expected = build("cache")
    positions = read_pc2(tmp_path / "take.pc2").positions
    write_pc2(tmp_path / "take.pc2", positions[:, :-1], start_frame=0.0)
    with pytest.raises(ExportError, match=r"'take\.pc2' has 467 points for 468 vertices"):
        check(expected)


def test_a_point_cache_of_another_motion_is_an_error(build, check, tmp_path):
    _, expected = build("cache")
    positions = read_pc2(tmp_path / "take.pc2").positions
    write_pc2(tmp_path / "take.pc2", positions[::-1], start_frame=0.0)
    with pytest.raises(ExportError, match=r"'Face' lies .* mm off"):
        check(expected)
