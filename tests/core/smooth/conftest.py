"""Faces in motion whose truth is known."""

import math

import numpy as np
import pytest

from mien.core.geometry import load_canonical_face
from mien.core.records import Camera, FaceGeometry
from mien.core.spaces import image_from_head_matrices

CAMERA = Camera(math.radians(63.0), (720, 1280))
UPPER_LID = [159, 158, 160, 161, 157, 173, 246, 386, 385, 387, 388, 384, 398, 466]
LOWER_JAW = [152, 148, 377, 17, 14, 15, 16, 84, 314, 181, 405, 175, 199, 200, 18, 83, 313]


class Stage:
    """Makes faces: still ones, moving ones, noise."""

    upper_lid = UPPER_LID
    lower_jaw = LOWER_JAW

    def __init__(self):
        self.neutral_m = load_canonical_face().topology.neutral_m.astype(np.float64)
        squares = ((self.neutral_m[:, None] - self.neutral_m) ** 2).sum(-1)
        # Neighbours share two thirds of their noise, as a network's do.
        shared = 0.6 * np.exp(-squares / 2 / 0.02**2) + 0.4 * np.exp(-squares / 2 / 0.005**2)
        self._mix = np.linalg.cholesky(shared + 1e-6 * np.eye(len(shared)))
        self._squares = squares

    def noise(self, n_frames, deviation_m, seed=1):
        """Return noise, white in time, that neighbours share, (n_frames, 468, 3)."""
        white = np.random.default_rng(seed).normal(size=(n_frames, 468 * 3))
        return deviation_m * (self._mix @ white.reshape(n_frames, 468, 3))

    def motion(self, points, amount_m, course):
        """Return the offsets of points, and of the skin around them, that go down and back."""
        near = np.exp(-self._squares[:, points].min(1) / 2 / 0.004**2)
        offsets = np.zeros((len(course), 468, 3))
        offsets[..., 1] = -amount_m * np.asarray(course)[:, None] * near
        return offsets

    def poses(self, n_frames):
        """Return a head that stands half a metre away, (n_frames, 4, 4)."""
        poses = np.tile(np.eye(4), (n_frames, 1, 1))
        poses[:, 2, 3] = -0.5
        return poses

    def geometry(self, head_m, poses=None):
        """Return a geometry whose image depth is 0 at the head's origin."""
        if poses is None:
            poses = self.poses(len(head_m))
        return FaceGeometry(
            head_m=np.asarray(head_m, np.float32),
            camera_from_head=poses,
            image_from_head=image_from_head_matrices(
                CAMERA, camera_from_head=poses, depth_m=-poses[:, 2, 3]
            ),
            camera=CAMERA,
        )

    def still(self, n_frames):
        """Return the neutral face, again and again, (n_frames, 468, 3)."""
        return np.tile(self.neutral_m, (n_frames, 1, 1))


@pytest.fixture(scope="session")
def stage():
    return Stage()
