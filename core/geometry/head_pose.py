"""The similarity transform that lays one set of points on another: how the head is posed."""

from __future__ import annotations

import numpy as np

from ..arrays import BoolArray, Float64Array, FloatArray, check_shape
from ..errors import DegenerateError, RangeError, ShapeError

LINE_TOLERANCE = 1e-9
"""Points whose second spread is below this part of the first lie on a line."""


def target_from_source(
    source: FloatArray, target: FloatArray, *, weights: FloatArray
) -> Float64Array:
    """Find the similarity transforms, without mirroring, that lay a source on its targets.

    Weighted sums of squared distances are least. All frames are solved at once.

    Parameters
    ----------
    source : shape (n_points, 3), any unit and space
    target : shape (n_frames, n_points, 3), any unit and space; a NaN anywhere gives a NaN transform
    weights : shape (n_points,), 0 and above

    Returns
    -------
    shape (n_frames, 4, 4), float64
        Rotation times scale, and translation.

    Raises
    ------
    ShapeError, RangeError, DegenerateError
        The sets differ in their number of points; a weight is below 0; the points that have weight
        lie on one line, so that any turn about it would do.

    References
    ----------
    S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
    IEEE TPAMI 13(4), 1991. doi:10.1109/34.88573
    """
    check_shape("source", source, ("n_points", 3))
    if target.ndim != 3 or target.shape[1:] != source.shape:
        raise ShapeError(
            f"target must have shape (n_frames, {len(source)}, 3) to fit its source,"
            f" got {target.shape}"
        )
    check_shape("weights", weights, (len(source),))
    if not (weights >= 0).all():
        raise RangeError(f"weights must be 0 or above, got {float(weights.min()):g}")
    on_line = find_points_on_line(target, weights=weights)
    if on_line.any() or find_points_on_line(source[None], weights=weights).any():
        subject = f"target's frame {int(on_line.argmax())}" if on_line.any() else "source"
        raise DegenerateError(
            f"points of {subject} must span a plane or more for a pose, but they lie on one line"
        )
    return _solve(source, target, weights=weights)


def find_points_on_line(points: FloatArray, *, weights: FloatArray) -> BoolArray:
    """Mark the frames whose points, as far as they have weight, do not determine a pose.

    Parameters
    ----------
    points : shape (n_frames, n_points, 3); frames with a NaN are not marked
    weights : shape (n_points,), 0 and above

    Returns
    -------
    shape (n_frames,), bool
    """
    used = weights > 0
    heavy = np.asarray(weights[used], np.float64)
    centred = points[:, used].astype(np.float64)
    centred -= (heavy @ centred / heavy.sum())[:, None]
    spread = np.swapaxes(centred * heavy[:, None], 1, 2) @ centred
    is_finite = np.isfinite(spread).all((1, 2))
    lengths = np.linalg.eigvalsh(np.where(is_finite[:, None, None], spread, np.eye(3)))
    return np.asarray(lengths[:, 1] <= lengths[:, 2] * LINE_TOLERANCE, np.bool_)


def _solve(source: FloatArray, target: FloatArray, *, weights: FloatArray) -> Float64Array:
    """Solve frames of which each determines its pose."""
    used = weights > 0
    heavy = np.asarray(weights[used], np.float64)
    heavy /= heavy.sum()
    sources = source[used].astype(np.float64)
    targets = target[:, used].astype(np.float64)
    is_finite = np.isfinite(target).all((1, 2))
    targets[~is_finite] = sources

    source_centre = heavy @ sources
    target_centre = heavy @ targets  # (n_frames, 3)
    centred = sources - source_centre
    covariance = np.swapaxes(targets - target_centre[:, None], 1, 2) @ (centred * heavy[:, None])
    left, lengths, right = np.linalg.svd(covariance)
    # A reflection would fit a mirrored face better; the smallest axis is turned back instead.
    sign = np.ones_like(lengths)
    sign[:, 2] = np.where(np.linalg.det(left) * np.linalg.det(right) < 0, -1.0, 1.0)
    rotation = (left * sign[:, None]) @ right
    scale = (lengths * sign).sum(1) / (heavy @ (centred * centred)).sum()

    transforms = np.tile(np.eye(4), (len(target), 1, 1))
    transforms[:, :3, :3] = rotation * scale[:, None, None]
    transforms[:, :3, 3] = target_centre - transforms[:, :3, :3] @ source_centre
    transforms[~is_finite] = np.nan
    return transforms
