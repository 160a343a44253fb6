"""Where a face is quick: lids close within two frames, while the head takes a second to turn."""

from __future__ import annotations

import numpy as np

from ..arrays import Float64Array, FloatArray, IndexArray, check_shape

NEAR_M = 0.006
"""So far around lids and lips the skin takes part in their motion: about half a lid's height."""


def quickness_around(points_m: FloatArray, quick_index: IndexArray, *, gain: float) -> Float64Array:
    """Return how much quicker than the head each landmark is.

    Parameters
    ----------
    points_m : shape (n_landmarks, 3), metres, the neutral face
    quick_index : shape (n,), the landmarks that are quick themselves
    gain : how quick they are; 1: like all others

    Returns
    -------
    shape (n_landmarks,), float64
        The gain there, 1 far away, and in between without a step that would crease the skin.
    """
    check_shape("points_m", points_m, ("n_landmarks", 3))
    across = points_m[:, None].astype(np.float64) - points_m[quick_index]
    nearest_m = np.linalg.norm(across, axis=-1).min(axis=1, initial=np.inf)
    return np.asarray(1.0 + (gain - 1.0) * np.exp(-0.5 * (nearest_m / NEAR_M) ** 2), np.float64)
