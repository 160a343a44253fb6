"""The `best` smoothing: calm in the stabilised face, where it is calm, and never late."""

from __future__ import annotations

import numpy as np

from ..arrays import Float32Array, Float64Array, FloatArray, IndexArray, check_shape
from ..errors import RangeError
from ..records import FaceGeometry
from ..settings import SmoothSettings
from .calm import Regions, Runs, calm_samples
from .gaps import runs_of_presence
from .head_motion import (
    HeadMotion,
    join_motion,
    quaternions_from_vectors,
    rotation_vectors,
    split_motion,
)

REGION_SIZE_M = 0.007
"""About an eyelid: points this close move together."""
NO_CLOSENESS = 1e-9
"""What is less close has no say: far below what single precision can tell in a sum."""
MAX_NOISE_M = 0.001
MAX_POSE_NOISE = np.array([0.02, 0.004, 0.02, 0.02, 0.02])
"""Turn in radians, direction as a tangent, log distance, log scale, depth in focal lengths."""


def smooth_without_lag(
    geometry: FaceGeometry,
    time_s: FloatArray,
    *,
    settings: SmoothSettings,
    shot: IndexArray | None = None,
) -> FaceGeometry:
    """Calm a solved face: its points within the head, and the head's motion, apart.

    Parameters
    ----------
    geometry : one face over time, NaN where lost
    time_s : shape (n_frames,), increasing
    settings : `calm_cutoff_hz` and `motion_threshold` are used
    shot : shape (n_frames,), shots by number; None: all frames are of one

    Returns
    -------
    FaceGeometry
        Runs of frames between gaps and cuts are smoothed each by itself; gaps stay gaps.

    Raises
    ------
    ShapeError, RangeError
        Times are not as many as frames, or do not increase.
    """
    check_shape("time_s", time_s, (len(geometry.head_m),))
    if not (np.diff(time_s) > 0.0).all():
        raise RangeError("time_s must increase from frame to frame, got times that do not")
    runs = runs_of_presence(np.isfinite(geometry.head_m[:, 0, 0]), shot)
    if not runs:
        return geometry
    motion = split_motion(geometry)
    times = np.asarray(time_s, np.float64) - time_s[0]
    head_m = _calm_head(geometry.head_m, times, runs=runs, settings=settings)
    motion = _calm_motion(motion, times, runs=runs, settings=settings)
    return join_motion(motion, head_m=head_m, camera=geometry.camera)


def _calm_head(
    head_m: Float32Array, time_s: Float64Array, *, runs: Runs, settings: SmoothSettings
) -> Float32Array:
    """Calm the points within the head."""
    present = np.concatenate([head_m[start:stop] for start, stop in runs])
    regions = _regions_of_points(present.mean(0, dtype=np.float64))
    return calm_samples(
        head_m,
        time_s,
        runs=runs,
        regions=regions,
        cutoff_hz=settings.calm_cutoff_hz,
        threshold=settings.motion_threshold,
        max_noise=np.full(regions.gather.shape[1], MAX_NOISE_M),
    )


def _regions_of_points(points_m: Float64Array) -> Regions:
    """Return overlapping regions all over a face."""
    cells = np.unique(np.round(points_m / REGION_SIZE_M), axis=0, return_inverse=True)[1].ravel()
    counts = np.bincount(cells)
    centres = np.stack([np.bincount(cells, axis) / counts for axis in points_m.T], axis=1)
    squares = ((points_m[:, None] - centres) ** 2).sum(-1)
    closeness = np.exp(-0.5 * squares / REGION_SIZE_M**2)
    # In single precision the far tails are denormal numbers, on which processors crawl.
    closeness[closeness < NO_CLOSENESS] = 0.0
    return Regions(
        gather=(closeness / closeness.sum(0)).astype(np.float32),
        scatter=(closeness / closeness.sum(1, keepdims=True)).T.astype(np.float32),
        are_alike=True,
    )


def _calm_motion(
    motion: HeadMotion, time_s: Float64Array, *, runs: Runs, settings: SmoothSettings
) -> HeadMotion:
    """Calm the head's turn, direction, distance, scale and depth, each by itself."""
    channels = np.zeros((len(time_s), 5, 3))
    means = []
    for start, stop in runs:
        channels[start:stop, 0], mean = rotation_vectors(motion.turn[start:stop])
        channels[start:stop, 1, :2] = motion.place[start:stop, :2]
        channels[start:stop, 2:, 0] = motion.place[start:stop, 2:]
        means.append(mean)
    each = np.eye(5, dtype=np.float32)
    calm = calm_samples(
        channels,
        time_s,
        runs=runs,
        regions=Regions(gather=each, scatter=each, are_alike=False, window=2.0),
        cutoff_hz=settings.calm_cutoff_hz,
        threshold=settings.motion_threshold,
        max_noise=MAX_POSE_NOISE,
    )
    turn, place = np.full_like(motion.turn, np.nan), np.full_like(motion.place, np.nan)
    for (start, stop), mean in zip(runs, means, strict=True):
        turn[start:stop] = quaternions_from_vectors(calm[start:stop, 0], mean=mean)
        place[start:stop, :2] = calm[start:stop, 1, :2]
        place[start:stop, 2:] = calm[start:stop, 2:, 0]
    return HeadMotion(turn=turn, place=place)
