"""Upright boxes around points."""

from __future__ import annotations

import numpy as np

from ..arrays import Float64Array, FloatArray


def box_around(points_px: FloatArray) -> Float64Array:
    """Return x0, y0, x1, y1 of the box around points (n, 2 or more): shape (4,)."""
    flat = points_px[:, :2].astype(np.float64)
    return np.concatenate([flat.min(axis=0), flat.max(axis=0)])


def box_overlap(a: Float64Array, b: Float64Array) -> float:
    """Return intersection over union of two boxes (4,)."""
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    shared = float(np.prod(np.clip(sides, 0.0, None)))
    union = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2])) - shared
    return shared / union if union > 0.0 else 0.0
