"""A face made of numbers, whose motion is known, and clean scenes to put it in."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from mien.core.records import (
    Camera,
    FaceGeometry,
    FaceTopology,
    FaceTrack,
    Footage,
    Performance,
)
from mien.core.spaces import apply_transform, image_from_camera

bpy = pytest.importorskip("bpy", reason="the bpy module is not installed")

N_COLUMNS, N_ROWS = 18, 26  # 468 points, as many as FaceMesh has
FOV_Y_RAD = math.radians(63.0)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what this Blender was built without, and what it is known to crash on."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    suffix, carrier = params.get("suffix"), params.get("carrier")
    libraries = {".abc": "alembic", ".usdc": "usd"}
    if suffix in libraries and not getattr(bpy.app.build_options, libraries[suffix]):
        pytest.skip(f"this Blender was built without {libraries[suffix]}")
    # Exports turn the carrier into another; played in Blender itself it must be one that is safe.
    if suffix is None and carrier == "vertices" and bpy.app.version >= (5, 1, 0):
        pytest.skip("this Blender crashes on F-curves of vertices")


def _neutral() -> np.ndarray:
    """A bowl 0.16 m wide and 0.2 m high that bulges out of the face, with a nose, (468, 3)."""
    x, y = np.meshgrid(np.linspace(-0.08, 0.08, N_COLUMNS), np.linspace(-0.1, 0.1, N_ROWS))
    z = 0.05 - 4.0 * x**2 - 3.0 * y**2 + 0.03 * np.exp(-((x**2 + (y + 0.01) ** 2) / 2e-4))
    return np.stack([x, y, z], axis=-1).reshape(-1, 3)


def _triangles() -> np.ndarray:
    """Two triangles a cell, counter-clockwise seen from +z, (850, 3)."""
    grid = np.arange(N_COLUMNS * N_ROWS).reshape(N_ROWS, N_COLUMNS)
    a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
    cells = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)], axis=2)
    return cells.reshape(-1, 3).astype(np.int32)


def _rotations(time_s: np.ndarray) -> np.ndarray:
    """Nod and turn, (n_frames, 3, 3)."""
    turn, nod = 0.5 * np.sin(2 * time_s), 0.25 * np.cos(3 * time_s)
    zero, one = np.zeros_like(turn), np.ones_like(turn)
    ct, st, cn, sn = np.cos(turn), np.sin(turn), np.cos(nod), np.sin(nod)
    about_y = np.stack([ct, zero, st, zero, one, zero, -st, zero, ct], -1).reshape(-1, 3, 3)
    about_x = np.stack([one, zero, zero, zero, cn, -sn, zero, sn, cn], -1).reshape(-1, 3, 3)
    return about_y @ about_x


def make_performance(
    *,
    n_frames: int = 24,
    rate_hz: float = 25.0,
    lost: tuple[int, ...] = (),
    offset_m: tuple[float, float, float] = (0.02, 0.03, -0.55),
    time_s: np.ndarray | None = None,
    path: str = "made of numbers.mp4",
    size: tuple[int, int] = (480, 640),
    face_index: int = 0,
    n_faces: int = 1,
) -> Performance:
    """A face that smiles, lifts a brow and moves its head; the footage is not there."""
    time_s = np.arange(n_frames) / rate_hz if time_s is None else time_s
    n_frames = len(time_s)
    neutral = _neutral()
    x, y, _ = neutral.T
    low = np.exp(-(((y + 0.05) / 0.03) ** 2))[:, None]
    smile = np.stack([0.3 * x, 0.006 + 0 * y, 0 * x], -1) * low
    brow = np.array([0.0, 0.012, 0.004]) * (np.exp(-(((y - 0.06) / 0.02) ** 2)) * (x > 0))[:, None]
    head = (
        neutral
        + np.sin(5 * time_s)[:, None, None] * smile
        + (0.5 - 0.5 * np.cos(4 * time_s))[:, None, None] * brow
    ).astype(np.float32)
    matrices = np.tile(np.eye(4), (n_frames, 1, 1))
    matrices[:, :3, :3] = _rotations(time_s) * (1 + 0.05 * np.sin(time_s))[:, None, None]
    matrices[:, :3, 3] = np.array(offset_m) + 0.02 * np.sin(time_s)[:, None] * [1.0, 0.5, 2.0]
    camera = Camera(FOV_Y_RAD, size)
    image = image_from_camera(camera, depth_m=-matrices[:, 2, 3]) @ matrices
    landmarks = apply_transform(image, head).astype(np.float32)
    gone = list(lost)
    presence = np.ones(n_frames, np.float32)
    presence[gone] = 0
    for array in (head, matrices, image, landmarks):
        array[gone] = np.nan
    return Performance(
        footage=Footage(path, "video", size, rate_hz, n_frames),
        time_s=time_s,
        track=FaceTrack(presence, landmarks, np.full((n_frames, 4), np.nan, np.float32)),
        landmarks_smooth_px=landmarks,
        geometry=FaceGeometry(head, matrices, image, camera),
        topology=FaceTopology(
            neutral.astype(np.float32),
            _triangles(),
            np.stack([x / 0.16 + 0.5, y / 0.2 + 0.5], -1).astype(np.float32),
        ),
        is_filled=np.zeros(n_frames, bool),
        face_index=face_index,
        n_faces=n_faces,
    )


@pytest.fixture(scope="session")
def performance() -> Callable[..., Performance]:
    """Make a performance; see `make_performance`."""
    return make_performance


@pytest.fixture
def scene() -> bpy.types.Scene:
    """An empty scene in an otherwise empty file."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    return bpy.context.scene


@pytest.fixture
def vertices_at() -> Callable[..., np.ndarray]:
    """Evaluate an object's vertices, (n, 3), at a scene frame; in the world or its own axes."""

    def vertices(obj: bpy.types.Object, frame: float, *, is_world: bool = False) -> np.ndarray:
        bpy.context.scene.frame_set(math.floor(frame), subframe=frame - math.floor(frame))
        evaluated = obj.evaluated_get(bpy.context.evaluated_depsgraph_get())
        mesh = evaluated.to_mesh()
        found = np.zeros((len(mesh.vertices), 3), np.float32)
        mesh.vertices.foreach_get("co", found.ravel())
        evaluated.to_mesh_clear()
        if is_world:
            world = np.array(evaluated.matrix_world)
            return found @ world[:3, :3].T + world[:3, 3]
        return found.astype(np.float64)

    return vertices
