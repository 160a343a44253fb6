"""Smoothing over uneven times without lag: local straight lines under a Gaussian window."""

from __future__ import annotations

import numpy as np

from ..arrays import Float64Array, FloatArray
from ..local_lines import REACH, line_weights

_BLOCK = 64
_SAME = 1e-6
"""Of a window's width: times that differ by less are equal, but for rounding."""


def split_band(
    values: FloatArray, *, time_s: Float64Array, narrow_s: float, wide_s: float
) -> tuple[FloatArray, Float64Array]:
    """Return what a narrow window keeps and a wide one takes away.

    Parameters
    ----------
    values : shape (n_frames, n_channels)
    time_s : shape (n_frames,), increasing
    narrow_s, wide_s : standard deviations of the windows; a narrow one of 0 keeps all

    Returns
    -------
    band : shape (n_frames, n_channels)
    noise_share : shape (n_frames,)
        What part of white noise's variance falls into the band.
    """
    n_frames = len(time_s)
    band = np.zeros_like(values)
    noise_share = np.zeros(n_frames)
    last_offsets, weights = np.zeros((0, 0)), np.zeros((0, 0))
    for start in range(0, n_frames, _BLOCK):
        stop = min(start + _BLOCK, n_frames)
        first = int(np.searchsorted(time_s, time_s[start] - REACH * wide_s))
        last = int(np.searchsorted(time_s, time_s[stop - 1] + REACH * wide_s, side="right"))
        offsets = time_s[first:last] - time_s[start:stop, None]
        if not _are_same(offsets, last_offsets, within=_SAME * wide_s):
            narrow = line_weights(offsets, width_s=narrow_s)
            weights = narrow - line_weights(offsets, width_s=wide_s)
            last_offsets = offsets
        band[start:stop] = weights.astype(values.dtype) @ values[first:last]
        noise_share[start:stop] = (weights**2).sum(1)
    return band, noise_share


def _are_same(offsets: Float64Array, others: Float64Array, *, within: float) -> bool:
    """Say whether two blocks of frames lie alike in time: most do, and share their weights."""
    return offsets.shape == others.shape and float(np.abs(offsets - others).max()) <= within


def window_means(values: FloatArray, *, time_s: Float64Array, width_s: float) -> FloatArray:
    """Return Gaussian means over time, which never leave the values' range.

    Parameters
    ----------
    values : shape (n_frames, n_channels)
    time_s : shape (n_frames,), increasing
    width_s : standard deviation of the window
    """
    means = np.zeros_like(values)
    for start in range(0, len(time_s), _BLOCK):
        stop = min(start + _BLOCK, len(time_s))
        first = int(np.searchsorted(time_s, time_s[start] - REACH * width_s))
        last = int(np.searchsorted(time_s, time_s[stop - 1] + REACH * width_s, side="right"))
        scaled = (time_s[first:last] - time_s[start:stop, None]) / width_s
        window = np.where(np.abs(scaled) <= REACH, np.exp(-0.5 * scaled**2), 0.0)
        window /= window.sum(1, keepdims=True)
        means[start:stop] = window.astype(values.dtype) @ values[first:last]
    return means
