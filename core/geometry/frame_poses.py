"""The pose of a known face in every frame, each by itself."""

from __future__ import annotations

import numpy as np

from ..arrays import BoolArray, Float64Array, IndexArray
from .bundle_adjustment import Bundle, facing_of, robust_weights
from .sightings import N_OF_POSE, Poses, Sightings, misses_of, pose_slopes_of

N_STEPS = 5
N_POINTS = 72
"""Points that are looked at; more do not change a pose by what can be seen."""
N_TOGETHER = 64
"""Frames solved together: what belongs to them stays in a processor's cache."""
_STILL_RAD = 3e-4


def poses_of_frames(
    sightings: Sightings, bundle: Bundle, *, start: Poses, triangles: IndexArray
) -> Poses:
    """Lay a face of known shape on what was seen, all frames at once.

    Parameters
    ----------
    sightings : any frames, of the bundle's points
    bundle : its shape, zoom and trust are used
    start : poses near the wanted ones
    triangles : shape (n_triangles, 3), of the shape

    Returns
    -------
    Poses
        Never worse than the start: a frame whose steps lead astray keeps that.
    """
    points = _steadiest(bundle.trust)
    parts = [
        _posed(
            sightings.of(slice(begin, begin + N_TOGETHER), points),
            bundle,
            points=points,
            start=start.of(slice(begin, begin + N_TOGETHER)),
            triangles=triangles,
        )
        for begin in range(0, len(start.turn), N_TOGETHER)
    ]
    return Poses(
        turn=np.concatenate([part.turn for part in parts]),
        place_m=np.concatenate([part.place_m for part in parts]),
        origin_m=np.concatenate([part.origin_m for part in parts]),
    )


def _posed(
    few: Sightings, bundle: Bundle, *, points: IndexArray, start: Poses, triangles: IndexArray
) -> Poses:
    """Pose some frames by some points."""
    shape_m, poses = bundle.shape_m[points], start
    facing = facing_of(poses, bundle.shape_m, triangles=triangles)[:, points]
    base = bundle.trust[points] * facing
    misses = misses_of(few, poses, shape_m, zoom=bundle.zoom)
    for _ in range(N_STEPS):
        weights = robust_weights(misses, base)
        rows = pose_slopes_of(few, poses, shape_m, zoom=bundle.zoom)
        n_frames = len(rows)
        flat = rows.reshape(n_frames, -1, N_OF_POSE)
        heavy = np.swapaxes(flat * weights.reshape(n_frames, -1, 1), 1, 2)
        toward = heavy @ misses.reshape(n_frames, -1, 1)
        steps = np.linalg.solve(heavy @ flat, toward)[..., 0]
        moved = poses.moved(steps).in_front()
        after = misses_of(few, moved, shape_m, zoom=bundle.zoom)
        is_better = (weights * after**2).sum((1, 2)) <= (weights * misses**2).sum((1, 2))
        poses = _chosen(is_better, moved, poses)
        misses = np.where(is_better[:, None, None], after, misses)
        if float(np.abs(steps[is_better, :3]).max(initial=0.0)) < _STILL_RAD:
            break
    return poses


def _steadiest(trust: Float64Array) -> IndexArray:
    """Return points that keep to the shape, from all over the face."""
    steady = np.flatnonzero(trust >= 0.5 * np.median(trust))
    chosen = np.linspace(0, len(steady) - 1, min(N_POINTS, len(steady))).astype(np.int32)
    return np.asarray(steady[chosen], np.int32)


def _chosen(is_better: BoolArray, moved: Poses, poses: Poses) -> Poses:
    """Return the moved poses where they are better."""
    return Poses(
        turn=np.where(is_better[:, None, None], moved.turn, poses.turn),
        place_m=np.where(is_better[:, None], moved.place_m, poses.place_m),
        origin_m=np.where(is_better, moved.origin_m, poses.origin_m),
    )
