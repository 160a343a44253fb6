"""Local straight lines under a Gaussian window: smoothing over uneven times, without lag."""

from __future__ import annotations

import numpy as np

from .arrays import Float64Array

REACH = 3.5
"""Samples further away than this many widths have no say."""


def line_weights(offsets_s: Float64Array, *, width_s: float) -> Float64Array:
    """Return the weights with which samples make a straight line's value at offset 0.

    A line, unlike a mean, stays itself where samples are uneven, and at both ends of a run.

    Parameters
    ----------
    offsets_s : shape (n_frames, n_samples), from each frame to the samples; one is 0 in each row
    width_s : standard deviation of the window; 0 takes the sample at offset 0 alone

    References
    ----------
    J. Fan, I. Gijbels, "Local Polynomial Modelling and Its Applications", 1996, eq. 3.7.
    """
    if width_s <= 0.0:
        return np.asarray(offsets_s == 0.0, np.float64)
    scaled = offsets_s / width_s
    window = np.where(np.abs(scaled) <= REACH, np.exp(-0.5 * scaled**2), 0.0)
    total = window.sum(1, keepdims=True)
    lean = (window * scaled).sum(1, keepdims=True)
    spread = (window * scaled**2).sum(1, keepdims=True)
    scatter = total * spread - lean**2
    # One sample alone has no line through it: it stands for itself.
    is_alone = scatter <= 1e-12 * total**2
    line = window * (spread - lean * scaled) / np.where(is_alone, 1.0, scatter)
    return np.asarray(np.where(is_alone, window / total, line), np.float64)
