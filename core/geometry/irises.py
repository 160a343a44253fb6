"""Irises: how deep they lie, and the size of the head that they tell.

A network knows an iris only in the image. It lies in its eye, and is 11.7 mm wide in nearly
everyone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ..arrays import Float64Array, FloatArray
from ..errors import DegenerateError
from ..records import FaceGeometry
from ..spaces import apply_transform, focal_length_px
from .sightings import Poses

IRIS_DIAMETER_M = 0.0117
"""Rüfer et al., "White-to-white corneal diameter", Cornea 24(3), 2005: 11.71 ± 0.42 mm."""
BEHIND_M = 0.003
"""An iris lies behind the cornea, over which the lids close: its top must not come through them."""
LEAST_COSINE = 0.35
MOST_OFF_M = 0.015
"""How far an iris may lie before or behind the middle of its eye."""
LEAST_FACING = 0.8
"""Irises of heads turned further than this cosine do not tell the size."""


@dataclass(frozen=True, slots=True)
class Eye:
    """Landmarks of an eye: `contour` of its lids; `iris` centre, then four points around it."""

    contour: tuple[int, ...]
    iris: tuple[int, ...]


def iris_distances(slopes: Float64Array, poses: Poses, contour_m: Float64Array) -> Float64Array:
    """Return where the lines of sight of an iris meet its plane, a little behind that of its lids.

    Parameters
    ----------
    slopes : shape (n_frames, n, 2), of the iris's points: x and y (up) over the distance
    poses : of the head
    contour_m : shape (n_contour, 3), the lids' edge, head space

    Returns
    -------
    shape (n_frames, n), metres from the camera, along its axis
    """
    centre_m = contour_m.mean(0)
    normal = np.linalg.svd(contour_m - centre_m)[2][2]
    centre_m = centre_m - BEHIND_M * math.copysign(1.0, normal[2]) * normal
    centre = poses.turn @ centre_m + poses.place_m
    turned = poses.turn @ normal
    lines = np.concatenate([slopes, -np.ones((*slopes.shape[:2], 1))], axis=-1)
    across = (lines * turned[:, None]).sum(-1)
    cosine = np.abs(across) / np.linalg.norm(lines, axis=-1)
    wanted = (centre * turned).sum(-1)[:, None]
    middle = np.broadcast_to(-centre[:, 2:], across.shape)
    # From the side the plane is a line: only the eye's own distance is left.
    is_told = cosine > LEAST_COSINE
    distance = np.where(is_told, wanted / np.where(is_told, across, 1.0), middle)
    return np.asarray(np.clip(distance, middle - MOST_OFF_M, middle + MOST_OFF_M))


def scaled_by_irises(
    geometry: FaceGeometry, landmarks_px: FloatArray, *, eyes: tuple[Eye, ...]
) -> FaceGeometry:
    """Give a head the size at which its irises are as wide as anyone's.

    Parameters
    ----------
    geometry : one face over time; NaN where lost
    landmarks_px : shape (n_frames, n_landmarks, 3), pixels, image space, of which it was solved
    eyes : with irises

    Returns
    -------
    FaceGeometry
        One factor for the whole take; nothing moves in the image.

    Raises
    ------
    DegenerateError
        The irises' points lie on each other.

    Notes
    -----
    The points around an iris are ends of two diameters that were at right angles. However the disk
    is turned, its longer axis is its true diameter: the larger singular value of the two.
    """
    is_there = np.isfinite(geometry.camera_from_head).all((1, 2))
    if not is_there.any():
        return geometry
    diameter_m = _diameter(
        geometry.camera_from_head[is_there],
        geometry.head_m[is_there],
        landmarks_px=landmarks_px[is_there],
        eyes=eyes,
        focal_px=focal_length_px(geometry.camera),
    )
    if not diameter_m > 0.0:
        raise DegenerateError("irises must have an extent to give a head its size, got none")
    factor = IRIS_DIAMETER_M / diameter_m
    pose = geometry.camera_from_head.copy()
    pose[:, :3, 3] *= factor
    image = geometry.image_from_head.copy()
    image[..., :3] /= factor
    return replace(
        geometry,
        head_m=(geometry.head_m * np.float32(factor)).astype(np.float32),
        camera_from_head=pose,
        image_from_head=image,
    )


def _diameter(
    pose: Float64Array,
    head_m: FloatArray,
    *,
    landmarks_px: FloatArray,
    eyes: tuple[Eye, ...],
    focal_px: float,
) -> float:
    """Return how wide irises are, as a rule, in the size that the head has."""
    toward = np.abs(pose[:, 2, 2]) / np.linalg.norm(pose[:, :3, 2], axis=1)
    is_told = toward >= min(LEAST_FACING, float(np.median(toward)))
    distance_m = -apply_transform(pose, head_m)[is_told, :, 2]
    points = landmarks_px[is_told, :, :2].astype(np.float64)
    found = []
    for eye in eyes:
        centre, right, top, left, bottom = eye.iris
        sides = np.stack([points[:, right] - points[:, left], points[:, top] - points[:, bottom]])
        wide_px = np.linalg.svd(np.swapaxes(sides, 0, 1), compute_uv=False)[:, 0]
        found.append(wide_px * distance_m[:, centre] / focal_px)
    return float(np.median(np.concatenate(found)))
