"""What the network's depth tells of an expression, beside all that it tells wrongly of a turn.

A network's depth errs with the pose: it tilts a turned face and flattens or lengthens it. Three
things take that out: what the firm parts of the face show of it in each frame, what each point
shows of it over the take, and a look at whether a point ever moves by itself at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Float64Array
from .sightings import Poses, Sightings, misses_of

N_ROUNDS = 4
TURN_PRIOR_RAD = 0.05
"""Turns less spread than this explain nothing: what moves then is expression."""
BOUND = 2.0
LEAST_SPREAD_M = 3e-4
PEAK_SHARE = 0.02
"""An expression lasts at least this part of a take."""
MOVES_M = 0.003
"""A point that leaves its place on the head by this much counts half as one that moves."""
TREMBLE_PEAK = 2.4
"""How far noise goes at its peak, over its median (Rayleigh)."""
NEAR_M = 0.008
_UNIT_M = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class DepthModel:
    """How a network's depth errs with the turn, and which points move.

    `of_turn` (3, n_points): metres at the take's middle turn, and per unit of the two tangents;
    `middle` (2,) that turn; `share` (n_points,) 0 to 1: how much of the rest is expression.
    """

    of_turn: Float64Array
    middle: Float64Array
    share: Float64Array


def depth_model(
    sightings: Sightings,
    poses: Poses,
    shape_m: Float64Array,
    *,
    zoom: float,
    trust: Float64Array,
    firmness: Float64Array,
) -> DepthModel:
    """Learn from some frames how depth errs.

    Parameters
    ----------
    sightings : the frames
    poses : one a frame
    shape_m : shape (n_points, 3), the face's
    zoom : the camera's
    trust : shape (n_points,), how well points keep to the shape
    firmness : shape (n_points,), 0 to 1, how little expressions can move a point
    """
    misses = misses_of(sightings, poses, shape_m, zoom=zoom)
    depth = _without_tilt(misses[..., 2], shape_m, firm=trust * firmness)
    facing = poses.turn[:, :2, 2]
    middle = np.median(facing, axis=0)
    terms = _terms(facing, middle)
    of_turn = _explained(depth, terms)
    # What slides over the head as that turns is no expression either.
    away = np.hypot(*(misses[..., k] - terms @ _explained(misses[..., k], terms) for k in (0, 1)))
    share = _share(away, shape_m, firmness=firmness)
    # Where a point is now here, now there, its place at rest is the network's word.
    of_turn[0] *= 1.0 - share * (1.0 - firmness**2)
    return DepthModel(of_turn, middle, share)


def expression_depth(
    sightings: Sightings,
    poses: Poses,
    shape_m: Float64Array,
    *,
    model: DepthModel,
    zoom: float,
    trust: Float64Array,
    firmness: Float64Array,
) -> Float64Array:
    """Return how much farther than the shape each point is: (n_frames, n_points), metres."""
    misses = misses_of(sightings, poses, shape_m, zoom=zoom)
    depth = _without_tilt(misses[..., 2], shape_m, firm=trust * firmness)
    depth -= _terms(poses.turn[:, :2, 2], model.middle) @ model.of_turn
    return np.asarray(depth * model.share, np.float64)


def _without_tilt(
    depth: Float64Array, shape_m: Float64Array, *, firm: Float64Array
) -> Float64Array:
    """Take out of each frame what is linear over the firm parts of the face."""
    heavy = firm**2
    terms = np.concatenate([np.ones((len(shape_m), 1)), shape_m[:, :2] / _UNIT_M], axis=1)
    weighted = terms * heavy[:, None]
    tilt = np.linalg.solve(weighted.T @ terms, weighted.T @ depth.T)  # (3, n_frames)
    return np.asarray(depth - (terms @ tilt).T, np.float64)


def _terms(facing: Float64Array, middle: Float64Array) -> Float64Array:
    """Return 1 and how far the face looks aside and up: (n_frames, 3)."""
    return np.concatenate([np.ones((len(facing), 1)), facing - middle], axis=1)


def _explained(depth: Float64Array, terms: Float64Array) -> Float64Array:
    """Fit each point's depth by the terms, robustly: an expression is not to be explained."""
    pairs = (terms[:, :, None] * terms[:, None, :]).reshape(len(terms), -1)
    prior = np.diag([0.0, 1.0, 1.0]) * len(terms) * TURN_PRIOR_RAD**2
    weights = np.ones_like(depth)
    found = np.zeros((terms.shape[1], depth.shape[1]))
    for _ in range(N_ROUNDS):
        system = (weights.T @ pairs).reshape(-1, *prior.shape) + prior
        toward = (weights * depth).T @ terms
        found = np.linalg.solve(system, toward[..., None])[..., 0].T
        rest = np.abs(depth - terms @ found)
        usual = BOUND * (1.4826 * np.median(rest, axis=0) + LEAST_SPREAD_M)
        weights = 1.0 / (1.0 + (rest / usual) ** 2)
    return found


def _share(away: Float64Array, shape_m: Float64Array, *, firmness: Float64Array) -> Float64Array:
    """Tell points that ever move across the head from those that only tremble."""
    n_peak = max(1, round(PEAK_SHARE * len(away)))
    peak = np.partition(away, -n_peak, axis=0)[-n_peak]
    trembling = TREMBLE_PEAK * float(np.median(away[:, firmness >= np.median(firmness)]))
    moved = np.sqrt(np.maximum(_near(shape_m) @ peak**2 - trembling**2, 0.0))
    return np.asarray(moved**4 / (moved**4 + MOVES_M**4), np.float64)


def _near(shape_m: Float64Array) -> Float64Array:
    """Return how much each point has to do with each other: rows of sum 1."""
    squares = ((shape_m[:, None] - shape_m) ** 2).sum(-1)
    closeness = np.exp(-squares / NEAR_M**2)
    return np.asarray(closeness / closeness.sum(1, keepdims=True), np.float64)
