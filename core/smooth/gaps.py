"""Where a face is there, and the short gaps between that are filled on request."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..arrays import BoolArray, Float64Array, FloatArray, check_shape
from ..records import FaceGeometry
from .head_motion import join_motion, split_motion, turn_between


def runs_of_presence(is_present: BoolArray) -> list[tuple[int, int]]:
    """Return the runs of frames that follow each other without a gap.

    Parameters
    ----------
    is_present : shape (n_frames,), bool

    Returns
    -------
    list of (start, stop)
        In order of time; stop is the first frame after the run.
    """
    edges = np.diff(np.concatenate([[False], is_present, [False]]).astype(np.int8))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [(int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)]


def fill_gaps(
    geometry: FaceGeometry, time_s: FloatArray, *, max_gap_s: float
) -> tuple[FaceGeometry, BoolArray]:
    """Fill the short gaps of a face between the frames on either side of them.

    Parameters
    ----------
    geometry : one face over time, NaN where lost
    time_s : shape (n_frames,), increasing
    max_gap_s : gaps are filled whose frames on either side lie this far apart or less, counted from
        the last frame with the face to the next; 0 fills none

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
    runs = runs_of_presence(np.isfinite(geometry.head_m[:, 0, 0]))
    gaps = [(before[1] - 1, after[0]) for before, after in pairwise(runs)]
    gaps = [gap for gap in gaps if time_s[gap[1]] - time_s[gap[0]] <= max_gap_s]
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
