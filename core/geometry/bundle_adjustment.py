"""One face shape, one camera and a pose a frame, such that a few frames are explained best.

Points have the unknowns of their place, frames those of their pose; no point meets another and no
frame meets another in the normal equations. So points are eliminated first (Schur complement), and
what remains to be solved is as large as the frames' unknowns alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ..arrays import Float64Array, IndexArray
from .sightings import N_OF_POSE, Poses, Sightings, Slopes, misses_of, slopes_of

N_STEPS = 10
N_PLACINGS = 4
DEPTH_SHARE = (1.0 / 20.0) ** 2
"""What the network's depth counts, over x and y: it leads where nothing turns, else hardly."""
NOISE_M = 0.001
"""What landmarks miss by, at best; weights are relative to it."""
BOUND = 2.5
"""Misses this many times the usual one count half (Cauchy)."""
N_INDEPENDENT = 60.0
"""How many independent misses a take's are worth against the zoom's prior: networks err alike in
neighbouring points and frames."""
LOG_ZOOM_LIMITS = (math.log(0.5), math.log(8.0))
FACING_COSINE = 0.35
LEAST_FACING = 0.05
_STILL_M = 5e-5
_HELD = 1e12
_N_HALVINGS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """What explains the frames.

    `shape_m` (n_points, 3) head space; `poses` one a frame; `zoom` the focal length over that of
    the camera of zoom 1, `zoom_information` its inverse variance, as logarithm; `trust`
    (n_points,) 0 to 1: how well a point keeps to the shape.
    """

    shape_m: Float64Array
    poses: Poses
    zoom: float
    zoom_information: float
    trust: Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class _Weights:
    """Weights of misses, (n_frames, n_points, 3), and of points, (n_points,)."""

    of_misses: Float64Array
    of_points: Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class _Priors:
    """The start, and how strongly the logarithm of the zoom is held to a value."""

    shape_m: Float64Array
    shape_weights: Float64Array
    log_zoom: float
    zoom_weight: float


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """What makes things better: `of_poses` (n_frames, 7), `of_shape` (n_points, 3), `of_log_zoom`.

    `information` is the inverse variance of the logarithm of the zoom.
    """

    of_poses: Float64Array
    of_shape: Float64Array
    of_log_zoom: float
    information: float


def adjust_bundle(
    sightings: Sightings,
    start: Bundle,
    *,
    facing: Float64Array,
    shape_spread_m: float,
    log_zoom_spread: float,
) -> Bundle:
    """Explain the frames better, until nothing moves.

    Parameters
    ----------
    sightings : the frames; ten to fifty that differ are enough
    start : a shape and poses to begin with; `trust` is how firm each point is by nature
    facing : shape (n_frames, n_points), as `facing_of` gives it
    shape_spread_m : how far, by one frame's noise, a point may be from the start's shape
    log_zoom_spread : how far, as logarithm, the zoom may be from the start's; 0 holds it

    Returns
    -------
    Bundle
        In the frame of the start, about.

    References
    ----------
    B. Triggs et al., "Bundle Adjustment: A Modern Synthesis", Vision Algorithms 1999, §6.
    """
    base = start.trust * facing
    weight = math.inf if log_zoom_spread == 0.0 else base.sum() / N_INDEPENDENT
    priors = _Priors(
        shape_m=start.shape_m,
        shape_weights=_shape_weights(base, spread_m=shape_spread_m),
        log_zoom=math.log(start.zoom),
        zoom_weight=min(_HELD, weight / max(log_zoom_spread, 1e-9) ** 2 * NOISE_M**2),
    )
    bundle = start
    for _ in range(N_STEPS):
        misses = misses_of(sightings, bundle.poses, bundle.shape_m, zoom=bundle.zoom)
        weights = _weights(misses, base)
        steps = _steps(sightings, bundle, misses, weights=weights, priors=priors)
        moved = _moved(sightings, bundle, steps, weights=weights.of_misses, priors=priors)
        moved_m = float(np.abs(moved.shape_m - bundle.shape_m).max())
        bundle = replace(moved, zoom_information=steps.information)
        if moved_m < _STILL_M:
            break
    return bundle


def place_points(
    sightings: Sightings, bundle: Bundle, *, facing: Float64Array, shape_spread_m: float
) -> Bundle:
    """Find where points are, where poses and camera are known.

    Parameters
    ----------
    sightings : the frames, of any points
    bundle : poses and zoom are used; the shape is the start, `trust` how firm each point is
    facing, shape_spread_m : as for `adjust_bundle`

    Returns
    -------
    Bundle
        With another shape, and with less trust in points that do not keep to it.
    """
    base = bundle.trust * facing
    shape_m, prior = bundle.shape_m, _shape_weights(base, spread_m=shape_spread_m)
    misses = misses_of(sightings, bundle.poses, shape_m, zoom=bundle.zoom)
    weights = _weights(misses, base)
    for _ in range(N_PLACINGS):
        rows = slopes_of(sightings, bundle.poses, shape_m, zoom=bundle.zoom).of_shape
        heavy = np.swapaxes(rows * weights.of_misses[..., None], 2, 3)
        system = (heavy @ rows).sum(0) + np.eye(3) * prior[:, None, None]
        toward = (heavy @ misses[..., None]).sum(0)[..., 0]
        toward += (bundle.shape_m - shape_m) * prior[:, None]
        shape_m = shape_m + np.linalg.solve(system, toward[..., None])[..., 0]
        misses = misses_of(sightings, bundle.poses, shape_m, zoom=bundle.zoom)
        weights = _weights(misses, base)
    return replace(bundle, shape_m=shape_m, trust=bundle.trust * weights.of_points)


def facing_of(poses: Poses, shape_m: Float64Array, *, triangles: IndexArray) -> Float64Array:
    """Return how far each point looks toward the camera: (n_frames, n_points), up to 1.

    A network guesses what it does not see.
    """
    corners = shape_m[triangles]
    flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(shape_m)
    np.add.at(normals, triangles, flat[:, None])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    # As from the head's middle: beside it the line of sight is some degrees off, which is enough.
    toward = -np.einsum("fi,fij->fj", poses.place_m, poses.turn)
    toward /= np.linalg.norm(toward, axis=1, keepdims=True)
    return np.asarray(np.clip(toward @ normals.T / FACING_COSINE, LEAST_FACING, 1.0), np.float64)


def robust_weights(misses: Float64Array, base: Float64Array) -> Float64Array:
    """Return weights of misses, which are less the more is missed: (n_frames, n_points, 3)."""
    across = (misses[..., :2] ** 2).sum(-1)
    away = misses[..., 2] ** 2
    weights = np.zeros_like(misses)
    weights[..., :2] = (base / (1.0 + across / _bound(across)))[..., None]
    weights[..., 2] = DEPTH_SHARE * base / (1.0 + away / _bound(away * DEPTH_SHARE) * DEPTH_SHARE)
    return weights


def _bound(squares: Float64Array) -> float:
    """Return the square of a miss that counts half."""
    return BOUND**2 * max(NOISE_M**2, float(np.median(squares)))


def _shape_weights(base: Float64Array, *, spread_m: float) -> Float64Array:
    """Return how strongly each point is held to the start, in proportion to what is seen of it."""
    return np.asarray(base.mean(0) * (NOISE_M / spread_m) ** 2, np.float64)


def _weights(misses: Float64Array, base: Float64Array) -> _Weights:
    """Weigh misses, and points by how much they miss throughout: expressions move them."""
    weights = robust_weights(misses, base)
    across = (misses[..., :2] ** 2).sum(-1)
    counted = weights[..., 0]
    spread = (counted * across).sum(0) / counted.sum(0)
    usual = 2.0 * max(NOISE_M**2 / 4.0, float(np.median(spread)))
    of_points = 1.0 / (1.0 + spread / usual)
    return _Weights(of_misses=weights * of_points[:, None], of_points=of_points)


def _steps(
    sightings: Sightings,
    bundle: Bundle,
    misses: Float64Array,
    *,
    weights: _Weights,
    priors: _Priors,
) -> _Steps:
    """Solve the normal equations, the points eliminated."""
    slopes = slopes_of(sightings, bundle.poses, bundle.shape_m, zoom=bundle.zoom)
    n_frames, n_points = misses.shape[:2]
    n_poses = N_OF_POSE * n_frames
    heavy = weights.of_misses[..., None]
    pose_rows = np.swapaxes(slopes.of_pose * heavy, 2, 3)  # (n_frames, n_points, 7, 3)
    shape_rows = np.swapaxes(slopes.of_shape * heavy, 2, 3)
    zoom_rows = slopes.of_zoom * weights.of_misses

    # Mixed blocks of frames, and at last the zoom, with points.
    mixed = np.zeros((n_poses + 1, n_points, 3))
    between = pose_rows @ slopes.of_shape
    mixed[:-1] = between.transpose(0, 2, 1, 3).reshape(n_poses, n_points, 3)
    mixed[-1] = np.einsum("fni,fnij->nj", zoom_rows, slopes.of_shape)
    of_shape = (shape_rows @ slopes.of_shape).sum(0)
    of_shape += np.eye(3) * priors.shape_weights[:, None, None]
    toward_shape = np.einsum("fnji,fni->nj", shape_rows, misses)
    toward_shape += (priors.shape_m - bundle.shape_m) * priors.shape_weights[:, None]
    inverse = np.linalg.inv(of_shape)
    carried = (mixed.transpose(1, 0, 2) @ inverse).transpose(1, 0, 2).reshape(n_poses + 1, -1)

    system, toward = _of_frames(slopes, misses, pose_rows=pose_rows, zoom_rows=zoom_rows)
    system -= carried @ mixed.reshape(n_poses + 1, -1).T
    system[-1, -1] += priors.zoom_weight
    # Against rounding, since nothing but the priors holds the head's own frame.
    system[np.diag_indices(n_poses + 1)] *= 1.0 + 1e-9
    toward -= carried @ toward_shape.ravel()
    toward[-1] += priors.zoom_weight * (priors.log_zoom - math.log(bundle.zoom))
    unit = np.zeros(n_poses + 1)
    unit[-1] = 1.0
    step, of_zoom = np.linalg.solve(system, np.stack([toward, unit], axis=1)).T
    back = toward_shape - np.tensordot(step, mixed, axes=1)
    return _Steps(
        of_poses=step[:-1].reshape(n_frames, N_OF_POSE),
        of_shape=(inverse @ back[..., None])[..., 0],
        of_log_zoom=float(step[-1]),
        information=1.0 / float(of_zoom[-1]),
    )


def _of_frames(
    slopes: Slopes, misses: Float64Array, *, pose_rows: Float64Array, zoom_rows: Float64Array
) -> tuple[Float64Array, Float64Array]:
    """Return the part of the normal equations in which points have none: poses, then the zoom."""
    of_poses = np.einsum("fnji,fnik->fjk", pose_rows, slopes.of_pose, optimize=True)
    n_poses = N_OF_POSE * len(of_poses)
    system, toward = np.zeros((n_poses + 1, n_poses + 1)), np.zeros(n_poses + 1)
    for frame, own_block in enumerate(of_poses):
        own = slice(N_OF_POSE * frame, N_OF_POSE * (frame + 1))
        system[own, own] = own_block
    with_zoom = np.einsum("fnji,fni->fj", pose_rows, slopes.of_zoom).ravel()
    system[:-1, -1] = system[-1, :-1] = with_zoom
    system[-1, -1] = (zoom_rows * slopes.of_zoom).sum()
    toward[:-1] = np.einsum("fnji,fni->fj", pose_rows, misses).ravel()
    toward[-1] = (zoom_rows * misses).sum()
    return system, toward


def _moved(
    sightings: Sightings,
    bundle: Bundle,
    steps: _Steps,
    *,
    weights: Float64Array,
    priors: _Priors,
) -> Bundle:
    """Go the steps, or as much of them as makes things better."""
    before = _cost(sightings, bundle, weights=weights, priors=priors)
    moved = bundle
    for halving in range(_N_HALVINGS):
        part = 0.5**halving
        log_zoom = np.clip(math.log(bundle.zoom) + part * steps.of_log_zoom, *LOG_ZOOM_LIMITS)
        moved = replace(
            bundle,
            shape_m=bundle.shape_m + part * steps.of_shape,
            poses=bundle.poses.moved(part * steps.of_poses).in_front(),
            zoom=math.exp(log_zoom),
        )
        if _cost(sightings, moved, weights=weights, priors=priors) <= before:
            return moved
    return bundle


def _cost(sightings: Sightings, bundle: Bundle, *, weights: Float64Array, priors: _Priors) -> float:
    """Return the weighted sum of squares that a step should make less."""
    misses = misses_of(sightings, bundle.poses, bundle.shape_m, zoom=bundle.zoom)
    of_shape = (priors.shape_weights[:, None] * (bundle.shape_m - priors.shape_m) ** 2).sum()
    of_zoom = priors.zoom_weight * (math.log(bundle.zoom) - priors.log_zoom) ** 2
    return float((weights * misses**2).sum() + of_shape + of_zoom)
