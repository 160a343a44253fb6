"""What lands in Blender is what was captured: vertices of the evaluated mesh against the truth."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from mien.addon.scene.absolute_keys import add_absolute_keys
from mien.addon.scene.actions import Keys
from mien.addon.scene.axes import world_from_camera_of, world_from_local
from mien.addon.scene.head_motion import animate_object
from mien.addon.scene.mesh_object import add_mesh_object
from mien.addon.scene.shape_keys import add_shape_keys
from mien.addon.scene.vertex_curves import add_vertex_curves, check_vertex_curves
from mien.core.errors import ArgumentError
from mien.core.spaces import scene_from_head

KEYS = Keys(np.array([0.0, 1.02, 2.5, 4.0, 9.0]), np.array([False, False, True, False, False]))
PROBES = [0.0, 0.5, 1.02, 1.5, 2.5, 3.25, 3.9, 4.0, 6.0, 9.0, 12.0]


def values_at(values: np.ndarray, frame: float) -> np.ndarray:
    """What `values`, one a key, are at a frame: linear, held where KEYS says so."""
    frames = KEYS.frames
    index = int(np.clip(np.searchsorted(frames, frame, "right") - 1, 0, len(frames) - 1))
    if index == len(frames) - 1 or KEYS.is_held[index]:
        return values[index]
    part = (frame - frames[index]) / (frames[index + 1] - frames[index])
    return values[index] + part * (values[index + 1] - values[index])


@pytest.fixture
def face(scene, performance):
    topology = performance(n_frames=1).topology
    collection = bpy.data.collections.new("take")
    scene.collection.children.link(collection)
    return add_mesh_object(
        "Face",
        collection,
        positions_m=scene_from_head(topology.neutral_m),
        polygons=topology.triangles,
        uv=topology.uv,
    )


@pytest.fixture
def positions(performance):
    return scene_from_head(performance(n_frames=5, rate_hz=3.0).geometry.head_m)


def test_a_mesh_object_is_the_mesh_it_was_given(face, performance):
    topology = performance(n_frames=1).topology
    mesh = face.data
    polygons = [list(polygon.vertices) for polygon in mesh.polygons]
    assert polygons == topology.triangles.tolist()
    assert all(polygon.use_smooth for polygon in mesh.polygons)
    assert [layer.name for layer in mesh.uv_layers] == ["UVMap"]
    loop = mesh.loops[100]
    found_uv = np.array(mesh.uv_layers[0].uv[100].vector)
    assert found_uv == pytest.approx(topology.uv[loop.vertex_index])


def test_a_face_looks_along_minus_y_with_its_left_at_plus_x(face, performance):
    neutral = performance(n_frames=1).topology.neutral_m
    placed = np.array([vertex.co for vertex in face.data.vertices])
    nose, left, chin = neutral[:, 2].argmax(), neutral[:, 0].argmax(), neutral[:, 1].argmin()
    assert placed[:, 1].argmin() == nose
    assert placed[left, 0] == pytest.approx(0.08)
    assert placed[chin, 2] == pytest.approx(-0.1)
    normals = np.array([polygon.normal for polygon in face.data.polygons])
    assert (normals[:, 1] < 0).all(), "the front of the face is its outside"


@pytest.mark.parametrize(("carrier", "tolerance_m"), [("absolute-keys", 1e-6), ("vertices", 1e-7)])
def test_exact_carriers_give_every_pose_back(face, positions, vertices_at, carrier, tolerance_m):
    add = {"absolute-keys": add_absolute_keys, "vertices": add_vertex_curves}[carrier]
    add(face, positions_m=positions, keys=KEYS)
    for frame in PROBES:
        error = np.abs(vertices_at(face, frame) - values_at(positions, frame)).max()
        assert error <= tolerance_m, f"{error} m at frame {frame}"


def test_shape_keys_add_up_to_the_pose(face, vertices_at):
    rng = np.random.default_rng(3)
    neutral = np.array([vertex.co for vertex in face.data.vertices])
    offsets = rng.normal(0, 0.01, (3, len(neutral), 3)).astype(np.float32)
    weights = rng.uniform(0, 1, (5, 3)).astype(np.float32)
    names = ('quote"d', "b\\ackslash", "plain")
    add_shape_keys(face, offsets_m=offsets, weights=weights, names=names, keys=KEYS)
    for frame in PROBES:
        wanted = neutral + np.tensordot(values_at(weights, frame), offsets, 1)
        error = np.abs(vertices_at(face, frame) - wanted).max()
        assert error <= 1e-6, f"{error} m at frame {frame}"
    assert [block.name for block in face.data.shape_keys.key_blocks] == ["Basis", *names]


def test_thousands_of_absolute_keys_stay_exact(face, positions, vertices_at):
    poses = np.resize(positions, (1200, *positions.shape[1:]))
    keys = Keys(np.arange(1200) * 0.5, np.zeros(1200, bool))
    add_absolute_keys(face, positions_m=poses, keys=keys)
    for index in (3, 401, 1199):
        error = np.abs(vertices_at(face, index * 0.5) - poses[index]).max()
        assert error <= 1e-6, f"{error} m at pose {index}"


def test_vertex_curves_are_refused_where_blender_crashes():
    check_vertex_curves((5, 0, 1))
    for version in ((5, 1, 0), (5, 2, 1), (6, 0, 0)):
        with pytest.raises(ArgumentError, match=r"'vertices'.*crash.*'absolute-keys' or 'cache'"):
            check_vertex_curves(version)


def test_the_head_moves_as_in_front_of_the_camera(face, performance, vertices_at):
    shown = performance(n_frames=5, rate_hz=3.0)
    geometry = shown.geometry
    world = world_from_camera_of(geometry)
    matrices = world_from_local(geometry.camera_from_head, world_from_camera=world)
    animate_object(face, matrices, keys=KEYS)
    neutral = np.array([vertex.co for vertex in face.data.vertices])
    for frame, matrix in zip(KEYS.frames, matrices, strict=True):
        wanted = neutral @ matrix[:3, :3].T + matrix[:3, 3]
        error = np.abs(vertices_at(face, frame, is_world=True) - wanted).max()
        assert error <= 1e-6, f"{error} m at frame {frame}"


def test_the_world_is_the_camera_space_turned_upright(performance):
    geometry = performance(n_frames=9).geometry
    world = world_from_camera_of(geometry)
    centres = geometry.camera_from_head[:, :3, 3] @ world[:3, :3].T + world[:3, 3]
    assert np.median(centres, axis=0) == pytest.approx(0, abs=1e-12)
    assert world[:3, 3] @ [0, 1, 0] == pytest.approx(-0.55, abs=0.05), "the camera stands in front"
    assert world[:3, :3] @ [1, 0, 0] == pytest.approx([1, 0, 0]), "right stays right"
    assert world[:3, :3] @ [0, 1, 0] == pytest.approx([0, 0, 1]), "up is up"
    assert world[:3, :3] @ [0, 0, -1] == pytest.approx([0, 1, 0]), "ahead is +Y"
