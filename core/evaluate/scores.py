"""How far landmarks are off: normalised errors, their averages, their cumulative curve.

References
----------
AFLW2000-3D and its bins of yaw: X. Zhu, Z. Lei, X. Liu, H. Shi, S. Z. Li, "Face Alignment Across
Large Poses: A 3D Solution", CVPR 2016. 300-W and the distance of the outer eye corners:
C. Sagonas et al., "300 Faces In-the-Wild Challenge", ICCV Workshops 2013.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Float64Array, FloatArray

YAW_BINS = ((0.0, 30.0), (30.0, 60.0), (60.0, 90.0))
"""Of |yaw| in degrees; a bound belongs to the bin above it, 90 to the last."""
OUTER_EYE_CORNERS = (36, 45)
"""Of the 68: the subject's right, then left."""


def box_normalised_errors(found_px: FloatArray, truth_px: FloatArray) -> Float64Array:
    """Return each face's mean landmark error over √(width · height) of the true landmarks' box.

    Parameters
    ----------
    found_px, truth_px : shape (n_faces, 68, 2 or more); x and y count

    Returns
    -------
    shape (n_faces,)
    """
    sides = np.ptp(truth_px[..., :2].astype(np.float64), axis=1)
    return np.asarray(_mean_errors(found_px, truth_px) / np.sqrt(sides.prod(axis=1)), np.float64)


def eye_normalised_errors(found_px: FloatArray, truth_px: FloatArray) -> Float64Array:
    """Return each face's mean landmark error over the true distance of the outer eye corners.

    Parameters
    ----------
    found_px, truth_px : shape (n_faces, 68, 2 or more); x and y count

    Returns
    -------
    shape (n_faces,)
    """
    right, left = (truth_px[:, corner, :2].astype(np.float64) for corner in OUTER_EYE_CORNERS)
    distance = np.linalg.norm(left - right, axis=1)
    return np.asarray(_mean_errors(found_px, truth_px) / distance, np.float64)


def yaw_bin(yaw_rad: float) -> int | None:
    """Return the bin that a face belongs to, None beyond all."""
    degrees = abs(np.degrees(yaw_rad))
    for index, (_, high) in enumerate(YAW_BINS):
        if degrees < high or (degrees == high and index == len(YAW_BINS) - 1):
            return index
    return None


def share_below(errors: FloatArray, limits: FloatArray, *, n_missed: int) -> Float64Array:
    """Return the cumulative curve: which share of all faces has at most each error.

    Parameters
    ----------
    errors : shape (n_found,)
    limits : shape (n_limits,)
    n_missed : faces that were not found: they count, and have no error that is small enough

    Returns
    -------
    shape (n_limits,), 0 to 1
    """
    n_below = np.searchsorted(np.sort(errors), limits, side="right")
    return np.asarray(n_below / max(len(errors) + n_missed, 1), np.float64)


def area_under_curve(errors: FloatArray, limit: float, *, n_missed: int) -> float:
    """Return the mean of `share_below` from 0 to a limit, exactly: 1 where all is without error."""
    room = np.clip(limit - errors, 0.0, None)
    return float(room.sum() / (limit * max(len(errors) + n_missed, 1)))


def _mean_errors(found_px: FloatArray, truth_px: FloatArray) -> Float64Array:
    """Return each face's mean distance, pixels."""
    offsets = found_px[..., :2].astype(np.float64) - truth_px[..., :2]
    return np.asarray(np.linalg.norm(offsets, axis=2).mean(axis=1), np.float64)
