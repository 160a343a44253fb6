"""The region of a face without its shaking, from the frames before it and after it."""

from __future__ import annotations

import math

import numpy as np

from ..arrays import BoolArray, Float64Array, FloatArray, check_shape
from ..local_lines import line_weights
from ..records import Region

MAX_STRAY = 0.06
"""A steady region lies no further from the face's own than this, in sizes of it: the face must
stay where the network expects it, however fast it moves."""
_NEIGHBOURS = (1, 2, 3)
_MIN_JUMP, _JUMP_RATIO = 0.08, 4.0
"""What jumps away and back by this many region sizes, and so many times further than its neighbours
move to and fro, is no movement of a head."""


def steady_region(regions: FloatArray, *, time_s: Float64Array, at: int, window_s: float) -> Region:
    """Return the region of one frame of a run, smoothed without lag.

    Parameters
    ----------
    regions : shape (n_frames, 4), as `Region.as_array`, of the frame's own landmarks; one run of
        frames, without a gap or a cut
    time_s : shape (n_frames,), increasing
    at : the frame
    window_s : standard deviation of the window in which the way is taken for a straight line

    Returns
    -------
    Region
        Where a frame jumps away from its neighbours and back: what they make of it.
    """
    check_shape("regions", regions, (len(time_s), 4))
    ways = _ways(regions)
    strays = jumping_frames(ways)
    trusted = ~strays
    if window_s <= 0.0 or not trusted.any():
        trusted[at] = True
    offsets = (time_s[trusted] - time_s[at])[None]
    weights = line_weights(offsets, width_s=window_s)[0]
    if not np.isfinite(weights).all() or not weights.any():
        return _region(ways[at])
    steady = weights @ ways[trusted]
    if not strays[at]:
        steady = _kept_near(steady, ways[at])
    return _region(steady)


def jumping_frames(ways: Float64Array) -> BoolArray:
    """Find frames that jump away from their neighbours and back.

    Parameters
    ----------
    ways : shape (n_frames, 4): x, y, logarithm of the size, rotation

    Returns
    -------
    shape (n_frames,)
    """
    n_frames = len(ways)
    strays = np.zeros(n_frames, np.bool_)
    if n_frames < 3:
        return strays
    size = np.exp(ways[:, 2])
    inner = slice(1, -1)
    # From the middle of its neighbours on both sides, from those before it, from those after it.
    middle, before, after = (np.zeros((len(_NEIGHBOURS), n_frames)) for _ in range(3))
    for row, step in enumerate(_NEIGHBOURS):
        # Where there is no neighbour so far away, the nearest one speaks for it.
        middle[row], before[row], after[row] = middle[0], before[0], after[0]
        if n_frames > step:
            apart = _lengths(ways[step:] - ways[:-step], size[step:])
            before[row, step:], after[row, :-step] = apart, apart
        if n_frames > 2 * step:
            between = 0.5 * (ways[: -2 * step] + ways[2 * step :])
            middle[row, step:-step] = _lengths(ways[step:-step] - between, size[step:-step])
    bound = max(_MIN_JUMP, _JUMP_RATIO * float(np.median(middle[0, inner])))
    # One pair of neighbours that agrees is enough: the others may stray themselves.
    is_off = middle.min(axis=0) > bound
    for distances in (before, after):
        is_off &= np.sort(distances, axis=0)[len(_NEIGHBOURS) // 2] > bound
    strays[inner] = is_off[inner]
    return strays


def _ways(regions: FloatArray) -> Float64Array:
    """Return what is smoothed: x, y, logarithm of the size, rotation without its steps by 2π."""
    ways = regions.astype(np.float64)
    ways[:, 2] = np.log(ways[:, 2])
    ways[:, 3] = np.unwrap(ways[:, 3])
    return ways


def _region(way: Float64Array) -> Region:
    """Return the region that `_ways` made a row of."""
    x_px, y_px, log_size, rotation_rad = (float(value) for value in way)
    return Region(x_px, y_px, math.exp(log_size), math.remainder(rotation_rad, 2.0 * math.pi))


def _kept_near(steady: Float64Array, own: Float64Array) -> Float64Array:
    """Follow what is further away than `MAX_STRAY`, at that distance."""
    away = steady - own
    length = float(_lengths(away[None], np.exp(own[2:3]))[0])
    return own + away * min(1.0, MAX_STRAY / max(length, 1e-12))


def _lengths(steps: Float64Array, size_px: Float64Array) -> Float64Array:
    """Return how far steps of shape (n, 4) go, in region sizes."""
    shift = np.hypot(steps[:, 0], steps[:, 1]) / size_px
    return np.asarray(np.sqrt(shift**2 + steps[:, 2] ** 2 + (0.5 * steps[:, 3]) ** 2), np.float64)
