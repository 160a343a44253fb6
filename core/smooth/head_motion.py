"""A head's pose as plain numbers that can be averaged, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Float32Array, Float64Array
from ..records import Camera, FaceGeometry
from ..spaces import focal_length_px, image_from_head_matrices, quaternions_of_rotations


@dataclass(frozen=True, slots=True, eq=False)
class HeadMotion:
    """The pose of a head over time, NaN where lost.

    `turn` (n_frames, 4) float64: unit quaternions w, x, y, z, of one sign throughout. `place`
    (n_frames, 5) float64: direction x/distance and y/distance, log of distance in metres, log of
    scale, image depth of the head's origin in focal lengths. Noise of a distance moves a point of
    these without moving it in the image.
    """

    turn: Float64Array
    place: Float64Array


def split_motion(geometry: FaceGeometry) -> HeadMotion:
    """Return the head's pose as numbers."""
    pose = geometry.camera_from_head
    is_present = np.isfinite(pose).all((1, 2))
    turn = np.full((len(pose), 4), np.nan)
    place = np.full((len(pose), 5), np.nan)
    posed = pose[is_present]
    scale = np.cbrt(np.linalg.det(posed[:, :3, :3]))
    distance = -posed[:, 2, 3]
    depth_px = geometry.image_from_head[is_present, 2, 3]
    turn[is_present] = quaternions_of_rotations(posed[:, :3, :3] / scale[:, None, None])
    place[is_present, :2] = posed[:, :2, 3] / distance[:, None]
    place[is_present, 2] = np.log(distance)
    place[is_present, 3] = np.log(scale)
    place[is_present, 4] = depth_px / focal_length_px(geometry.camera)
    return HeadMotion(turn=turn, place=place)


def join_motion(motion: HeadMotion, *, head_m: Float32Array, camera: Camera) -> FaceGeometry:
    """Return the geometry whose pose was split."""
    distance = np.exp(motion.place[:, 2])
    pose = np.zeros((len(head_m), 4, 4))
    pose[:, :3, :3] = _rotations(motion.turn) * np.exp(motion.place[:, 3])[:, None, None]
    pose[:, :2, 3] = motion.place[:, :2] * distance[:, None]
    pose[:, 2, 3] = -distance
    pose[:, 3, 3] = 1.0
    pose[~np.isfinite(distance)] = np.nan
    # Image depth of the origin is f·(1 − plane / distance).
    plane_m = distance * (1.0 - motion.place[:, 4])
    return FaceGeometry(
        head_m=head_m,
        camera_from_head=pose,
        image_from_head=image_from_head_matrices(camera, camera_from_head=pose, depth_m=plane_m),
        camera=camera,
    )


def turn_between(first: Float64Array, second: Float64Array, *, part: Float64Array) -> Float64Array:
    """Turn evenly, the shorter way, from one quaternion to another.

    Parameters
    ----------
    first, second : shape (4,)
    part : shape (n, 1), 0 to 1

    Returns
    -------
    shape (n, 4)
    """
    cosine = float(first @ second)
    near = second if cosine >= 0.0 else -second
    angle = np.arccos(min(abs(cosine), 1.0))
    if angle < 1e-6:
        mixed = first + part * (near - first)
    else:
        mixed = np.sin((1.0 - part) * angle) * first + np.sin(part * angle) * near
    return np.asarray(mixed / np.linalg.norm(mixed, axis=1, keepdims=True), np.float64)


def rotation_vectors(turn: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return quaternions as turns about their mean, and the mean.

    Parameters
    ----------
    turn : shape (n, 4), unit quaternions

    Returns
    -------
    vectors : shape (n, 3), radians
    mean : shape (4,)
    """
    mean = np.linalg.eigh(turn.T @ turn)[1][:, -1]
    rest = _product(mean * (1.0, -1.0, -1.0, -1.0), turn)
    rest = np.where(rest[:, :1] < 0.0, -rest, rest)
    sine = np.linalg.norm(rest[:, 1:], axis=1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, rest[:, :1])
    # sine → 0: the ratio tends to 2.
    ratio = np.where(sine > 1e-12, angle / np.maximum(sine, 1e-12), 2.0)
    return np.asarray(rest[:, 1:] * ratio, np.float64), np.asarray(mean, np.float64)


def quaternions_from_vectors(vectors: Float64Array, *, mean: Float64Array) -> Float64Array:
    """Undo `rotation_vectors`."""
    angle = np.linalg.norm(vectors, axis=1, keepdims=True)
    ratio = np.where(angle > 1e-12, np.sin(angle / 2.0) / np.maximum(angle, 1e-12), 0.5)
    rest = np.concatenate([np.cos(angle / 2.0), vectors * ratio], axis=1)
    return _product(mean, rest)


def _product(first: Float64Array, second: Float64Array) -> Float64Array:
    """Multiply a quaternion (4,) by quaternions (n, 4)."""
    w, x, y, z = first
    matrix = np.array([[w, -x, -y, -z], [x, w, -z, y], [y, z, w, -x], [z, -y, x, w]])
    return np.asarray(second @ matrix.T, np.float64)


def _rotations(turn: Float64Array) -> Float64Array:
    """Return rotation matrices of unit quaternions (n, 4)."""
    w, x, y, z = turn.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.asarray(np.moveaxis(np.array(rows), -1, 0), np.float64)
