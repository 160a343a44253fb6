"""One face from several crops of it: mirrored ones turned back, and failed ones found."""

from __future__ import annotations

import numpy as np

from ..arrays import BoolArray, Float32Array, FloatArray, check_shape
from .topology import mirrored_points

MAX_DISAGREEMENT = 0.04
"""A crop whose landmarks lie further from the others' than this, in region sizes, has failed."""


def mirrored_back(points_px: FloatArray, *, size: int) -> Float32Array:
    """Lay the landmarks of a mirrored crop on the crop as it was.

    Parameters
    ----------
    points_px : shape (n_landmarks, 3), crop space
    size : pixels a side of the crop
    """
    turned = np.array(points_px[mirrored_points(len(points_px))], np.float32)
    turned[:, 0] = size - turned[:, 0]
    return turned


def agreeing(points_px: FloatArray, *, size_px: float, newest_wins: bool = False) -> BoolArray:
    """Say which crops of one face agree.

    Parameters
    ----------
    points_px : shape (n_crops, n_landmarks, 3), image space
    size_px : of the region
    newest_wins : of two that disagree, the last is taken; else both, as nobody knows who is wrong

    Returns
    -------
    shape (n_crops,)
    """
    check_shape("points_px", points_px, ("n_crops", "n_landmarks", 3))
    if len(points_px) < 3 and not newest_wins:
        return np.ones(len(points_px), np.bool_)
    flat = points_px[..., :2]
    centre = np.median(flat, axis=0) if len(points_px) > 2 else flat[-1]
    distances = np.linalg.norm(flat - centre, axis=2)
    is_near = np.median(distances, axis=1) <= MAX_DISAGREEMENT * size_px
    return np.asarray(is_near if is_near.any() else np.ones_like(is_near), np.bool_)
