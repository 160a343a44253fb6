"""What a take's frames tell of a face: where each point lies across the view, and how deep.

Lengths are metres at the head, so that what a network misses by counts the same near and far. The
camera is told by its zoom: its focal length over that of MediaPipe's camera.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..arrays import Float64Array, FloatArray, IndexArray
from ..records import Camera
from ..spaces import focal_length_px

N_OF_POSE = 7
"""Unknowns of a frame: a turn (3), a place (3), and where the network's depth begins."""
_TINY_RAD = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """One face in some frames, float64.

    `slopes` (n_frames, n_points, 2): x to the right and y up over the distance, under a camera of
    zoom 1; `depth_m` (n_frames, n_points): the network's depth, away from the camera, with any
    origin; `reach_m` (n_frames,): distance of the head over the zoom, which makes lengths of
    slopes.
    """

    slopes: Float64Array
    depth_m: Float64Array
    reach_m: Float64Array

    def of(self, frames: IndexArray | slice, points: IndexArray | slice) -> Sightings:
        """Return some points in some frames."""
        return Sightings(
            self.slopes[frames][:, points], self.depth_m[frames][:, points], self.reach_m[frames]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """The head in some frames: `turn` (n, 3, 3), `place_m` (n, 3) camera space, `origin_m` (n,).

    `origin_m` is the distance at which the network's depth is 0.
    """

    turn: Float64Array
    place_m: Float64Array
    origin_m: Float64Array

    def seen(self, shape_m: Float64Array) -> Float64Array:
        """Return a head-space shape (n_points, 3) in camera space: (n_frames, n_points, 3)."""
        return np.asarray(shape_m @ np.swapaxes(self.turn, 1, 2) + self.place_m[:, None])

    def moved(self, steps: Float64Array) -> Poses:
        """Return the poses after steps of shape (n_frames, N_OF_POSE)."""
        return Poses(
            turn=rotations_from_vectors(steps[:, :3]) @ self.turn,
            place_m=self.place_m + steps[:, 3:6],
            origin_m=self.origin_m + steps[:, 6],
        )

    def of(self, frames: IndexArray | slice) -> Poses:
        """Return those of some frames."""
        return Poses(self.turn[frames], self.place_m[frames], self.origin_m[frames])

    def in_front(self) -> Poses:
        """Return the poses with heads that a wild step took behind the camera a hand before it."""
        place_m = self.place_m.copy()
        place_m[:, 2] = np.minimum(place_m[:, 2], -0.15)
        return replace(self, place_m=place_m)


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """How what is seen answers to the unknowns: rows are x, y and depth, in metres at the head.

    `of_pose` (n_frames, n_points, 3, N_OF_POSE), `of_shape` (n_frames, n_points, 3, 3), `of_zoom`
    (n_frames, n_points, 3), to the logarithm of the zoom.
    """

    of_pose: Float64Array
    of_shape: Float64Array
    of_zoom: Float64Array


def sightings_of_landmarks(
    landmarks_px: FloatArray, *, camera: Camera, distance_m: Float64Array
) -> Sightings:
    """Read landmarks as sightings.

    Parameters
    ----------
    landmarks_px : shape (n_frames, n_points, 3), pixels, image space
    camera : the camera of zoom 1
    distance_m : shape (n_frames,), of the head under it
    """
    height, width = camera.size
    focal = focal_length_px(camera)
    offsets = landmarks_px.astype(np.float64) - (width / 2.0, height / 2.0, 0.0)
    offsets /= focal
    return Sightings(
        slopes=offsets[..., :2] * (1.0, -1.0),
        depth_m=offsets[..., 2] * distance_m[:, None],
        reach_m=distance_m,
    )


def misses_of(
    sightings: Sightings, poses: Poses, shape_m: Float64Array, *, zoom: float
) -> Float64Array:
    """Return what was seen less what should be: (n_frames, n_points, 3) metres: x, y, depth."""
    seen_m = poses.seen(shape_m)
    distance_m = -seen_m[..., 2]
    misses = np.zeros_like(seen_m)
    for axis in (0, 1):
        expected = zoom * seen_m[..., axis] / distance_m
        misses[..., axis] = (sightings.slopes[..., axis] - expected) * sightings.reach_m[:, None]
    misses[..., 2] = sightings.depth_m - (distance_m - poses.origin_m[:, None])
    return misses


def slopes_of(sightings: Sightings, poses: Poses, shape_m: Float64Array, *, zoom: float) -> Slopes:
    """Return the derivatives of what should be seen."""
    turned_m = shape_m @ np.swapaxes(poses.turn, 1, 2)
    of_point, of_zoom = _point_slopes(sightings, turned_m + poses.place_m[:, None], zoom=zoom)
    return Slopes(
        of_pose=_pose_slopes(of_point, turned_m),
        of_shape=of_point @ poses.turn[:, None],
        of_zoom=of_zoom,
    )


def pose_slopes_of(
    sightings: Sightings, poses: Poses, shape_m: Float64Array, *, zoom: float
) -> Float64Array:
    """Return those to the poses alone: (n_frames, n_points, 3, N_OF_POSE)."""
    turned_m = shape_m @ np.swapaxes(poses.turn, 1, 2)
    of_point, _ = _point_slopes(sightings, turned_m + poses.place_m[:, None], zoom=zoom)
    return _pose_slopes(of_point, turned_m)


def _point_slopes(
    sightings: Sightings, seen_m: Float64Array, *, zoom: float
) -> tuple[Float64Array, Float64Array]:
    """Return derivatives to points in camera space, and to the logarithm of the zoom."""
    distance_m = -seen_m[..., 2]
    size = zoom * sightings.reach_m[:, None] / distance_m
    of_point = np.zeros((*seen_m.shape, 3))
    of_zoom = np.zeros_like(seen_m)
    for axis in (0, 1):
        of_zoom[..., axis] = size * seen_m[..., axis]
        of_point[..., axis, axis] = size
        of_point[..., axis, 2] = of_zoom[..., axis] / distance_m
    of_point[..., 2, 2] = -1.0
    return of_point, of_zoom


def _pose_slopes(of_point: Float64Array, turned_m: Float64Array) -> Float64Array:
    """Return derivatives to poses: a small turn ω moves a point q by ω × q."""
    of_pose = np.zeros((*of_point.shape[:-1], N_OF_POSE))
    for axis in range(3):
        one, two = (axis + 1) % 3, (axis + 2) % 3
        of_pose[..., axis] = (
            of_point[..., two] * turned_m[..., None, one]
            - of_point[..., one] * turned_m[..., None, two]
        )
    of_pose[..., 3:6] = of_point
    of_pose[..., 6] = (0.0, 0.0, -1.0)
    return of_pose


def rotations_from_vectors(vectors: Float64Array) -> Float64Array:
    """Return the rotation matrices of turns about axes.

    Parameters
    ----------
    vectors : shape (n, 3), along the axis, as long as the angle in radians

    Returns
    -------
    shape (n, 3, 3)
    """
    angle = np.maximum(np.linalg.norm(vectors, axis=1), _TINY_RAD)[:, None, None]
    cross = np.zeros((len(vectors), 3, 3))
    for axis in range(3):
        one, two = (axis + 1) % 3, (axis + 2) % 3
        cross[:, two, one] = vectors[:, axis]
        cross[:, one, two] = -vectors[:, axis]
    bend = 0.5 * np.sinc(angle / 2.0 / np.pi) ** 2
    return np.asarray(np.eye(3) + np.sinc(angle / np.pi) * cross + bend * (cross @ cross))
