"""Where a face is there, and the short gaps between that are filled on request."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..arrays import BoolArray, Float64Array, FloatArray, IndexArray, check_shape
from ..records import FaceGeometry
from .head_motion import join_motion, split_motion, turn_between


def runs_of_presence(
    is_present: BoolArray, shot: IndexArray | None = None
) -> list[tuple[int, int]]:
    """Return the runs of frames that follow each other without a gap or a cut.

    Parameters
    ----------
    is_present : shape (n_frames,), bool
    shot : shape (n_frames,), the number of the shot that a frame belongs to; None: all are one

    Returns
    -------
    list of (start, stop)
        In order of time; stop is the first frame after the run.
    """
    number = np.where(is_present, 0 if shot is None else shot, -1)
    edge = np.diff(np.concatenate([[-1], number, [-1]])) != 0
    bounds = np.flatnonzero(edge)
    starts = bounds[:-1][is_present[bounds[:-1]]] if len(bounds) else bounds
    stops = bounds[np.searchsorted(bounds, starts) + 1] if len(bounds) else bounds
    return [(int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)]


def fill_gaps(
    geometry: FaceGeometry,
    time_s: FloatArray,
    *,
    max_gap_s: float,
    shot: IndexArray | None = None,
) -> tuple[FaceGeometry, BoolArray]:
    """Fill the short gaps of a face between the frames on either side of them.

    Parameters
    ----------
    geometry : one face over time, NaN where lost
    time_s : shape (n_frames,), increasing
    max_gap_s : gaps are filled whose frames on either side lie this far apart or less, counted from
        the last frame with the face to the next; 0 fills none
    shot : shape (n_frames,), shots by number; a gap with a cut in it is never filled

    Returns
    -------
    geometry : FaceGeometry
        The head goes and turns evenly through a gap, expressions ease from one side to the other.
        Before the first and after the last frame with a face nothing is invented.
    is_filled : shape (n_frames,), bool

    Raises
    ------
    ShapeError
        Times are not as many as frames.
    """
    n_frames = len(geometry.head_m)
    check_shape("time_s", time_s, (n_frames,))
    is_filled = np.zeros(n_frames, np.bool_)
    runs = runs_of_presence(np.isfinite(geometry.head_m[:, 0, 0]), shot)
    gaps = [(before[1] - 1, after[0]) for before, after in pairwise(runs)]
    gaps = [
        (last, following)
        for last, following in gaps
        if following - last > 1
        and time_s[following] - time_s[last] <= max_gap_s
        and (shot is None or shot[last] == shot[following])
    ]
    if not gaps:
        return geometry, is_filled

    motion = split_motion(geometry)
    head_m = geometry.head_m.copy()
    for last, following in gaps:
        lost = slice(last + 1, following)
        span_s = time_s[following] - time_s[last]
        part = np.asarray((time_s[lost] - time_s[last]) / span_s, np.float64)[:, None]
        is_filled[lost] = True
        motion.turn[lost] = turn_between(motion.turn[last], motion.turn[following], part=part)
        motion.place[lost] = _mix(motion.place[last], motion.place[following], part)
        eased = (part * part * (3.0 - 2.0 * part))[..., None]
        head_m[lost] = _mix(head_m[last], head_m[following], eased)
    filled = join_motion(motion, head_m=head_m, camera=geometry.camera)
    # Poses that were there stay to the last bit.
    filled.camera_from_head[~is_filled] = geometry.camera_from_head[~is_filled]
    filled.image_from_head[~is_filled] = geometry.image_from_head[~is_filled]
    return filled, is_filled


def _mix(first: FloatArray, second: FloatArray, part: Float64Array) -> Float64Array:
    """Return the values a part of the way from the first to the second."""
    return np.asarray(first + part * (second - first), np.float64)
