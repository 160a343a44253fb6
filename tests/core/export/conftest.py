"""A solved face made of numbers, for the writers."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from mien.core.records import Camera, FaceGeometry, FaceTopology, FaceTrack, Footage, Performance
from mien.core.spaces import apply_transform, image_from_camera

CAMERA = Camera(fov_y_rad=math.radians(50.0), size=(480, 640))


def _similarities(n_frames: int) -> np.ndarray:
    """Turns about all three axes, beyond half a turn, moved and scaled, (n_frames, 4, 4)."""
    matrices = np.tile(np.eye(4), (n_frames, 1, 1))
    angles = np.linspace(-0.2, 4.0, n_frames)
    for axis, factor in enumerate((1.0, 0.6, -0.3)):
        i, j = (axis + 1) % 3, (axis + 2) % 3
        turn = np.tile(np.eye(4), (n_frames, 1, 1))
        turn[:, i, i] = turn[:, j, j] = np.cos(factor * angles)
        turn[:, j, i] = np.sin(factor * angles)
        turn[:, i, j] = -turn[:, j, i]
        matrices = turn @ matrices
    matrices[:, :3, :3] *= np.linspace(0.9, 1.1, n_frames)[:, None, None]
    matrices[:, :3, 3] = np.stack([0.1 * angles, -0.05 * angles, -0.6 - 0.1 * angles], axis=-1)
    return matrices


@pytest.fixture
def performance() -> Callable[..., Performance]:
    """Return a maker of one face's performance."""

    def make(
        *, n_frames: int = 8, n: int = 5, lost: tuple[int, ...] = (), filled: tuple[int, ...] = ()
    ) -> Performance:
        rng = np.random.default_rng(n_frames + n)
        camera_from_head = _similarities(n_frames)
        head_m = rng.uniform(-0.1, 0.1, (n_frames, n, 3)).astype(np.float32)
        image_from_head = (
            image_from_camera(CAMERA, depth_m=-camera_from_head[:, 2, 3]) @ camera_from_head
        )
        smooth_px = apply_transform(image_from_head, head_m).astype(np.float32)
        raw_px = (smooth_px + rng.normal(0, 0.3, smooth_px.shape)).astype(np.float32)
        presence = rng.uniform(0.6, 1.0, n_frames).astype(np.float32)
        for array in (head_m, smooth_px, raw_px, camera_from_head, image_from_head):
            array[list(lost)] = np.nan
        raw_px[list(filled)] = np.nan
        presence[list(lost + filled)] = 0
        return Performance(
            footage=Footage("clip.mp4", "video", CAMERA.size, 25.0, n_frames),
            time_s=np.arange(n_frames) / 25.0 + 0.5,
            track=FaceTrack(presence, raw_px, np.zeros((n_frames, 4), np.float32)),
            landmarks_smooth_px=smooth_px,
            geometry=FaceGeometry(head_m, camera_from_head, image_from_head, CAMERA),
            topology=FaceTopology(
                neutral_m=rng.uniform(-0.1, 0.1, (n, 3)).astype(np.float32),
                triangles=np.array([[0, 1, 2], [2, 1, 3], [2, 3, 4]], np.int32),
                uv=rng.uniform(size=(n, 2)).astype(np.float32),
            ),
            is_filled=np.isin(np.arange(n_frames), filled),
        )

    return make
