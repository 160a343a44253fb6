"""The fewest offsets whose sums stay near to all frames of a take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..arrays import AnyArray, Float32Array, Float64Array, FloatArray

# Eigenvectors are sought on the shorter side of the matrix, of this length at most.
_MAX_SIDE = 2048
# Frames handled together: 1024 frames of 468 points take 6 MB.
_N_CHUNK = 1024
# Fewer where a test may end with the first that fail.
_N_TESTED = 128
# How often, how far below the number that is needed, and how strongly the worst are given weight.
_N_ROUNDS = 3
_AIM = 0.95
_POWER = 0.5
_LEAST_WEIGHT = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """Offsets are about Σ amounts[:, k] · directions[:, k], the first `n_fitting` being enough.

    `directions` (3 n, k) float32; `amounts` (n_frames, k) float32, metres; `worst_m` is the largest
    distance that the first `n_fitting` leave over.
    """

    directions: Float32Array
    amounts: Float32Array
    n_fitting: int
    worst_m: float


def fitting_components(offsets: Float32Array, *, tolerance_m: float, limit: int) -> Components:
    """Find as few components as keep every point of every frame within a tolerance.

    Parameters
    ----------
    offsets : shape (n_frames, 3 n), metres
    tolerance_m : how far a point may be off
    limit : components may have this many used sides, positive and negative, together

    Notes
    -----
    A singular value decomposition keeps the mean square small, not the worst point. So it is
    repeated with frames and points weighted by the root of what the last one left over there at
    worst: on four clips, three rounds took 17 to 39 % of the components away.
    """
    n_points = offsets.shape[1] // 3
    frame_weights, point_weights = np.ones(len(offsets)), np.ones(n_points)
    basis = _strongest(offsets, limit=limit)
    best = found = _fitted(
        offsets, basis, point_weights=point_weights, tolerance_m=tolerance_m, limit=limit
    )
    for _ in range(_N_ROUNDS):
        if found.n_fitting == 0:
            break
        by_frame, by_point = _worst_of_each(offsets, found, count=int(_AIM * found.n_fitting))
        frame_weights = _raised(frame_weights, by_frame)
        point_weights = _raised(point_weights, by_point)
        n_kept = min(limit, found.n_fitting + found.n_fitting // 4 + 8)
        basis = _turned(
            offsets,
            found.directions[:, :n_kept],
            frame_weights=frame_weights,
            value_weights=np.repeat(point_weights, 3),
        )
        found = _fitted(
            offsets, basis, point_weights=point_weights, tolerance_m=tolerance_m, limit=limit
        )
        if (found.n_fitting, found.worst_m) < (best.n_fitting, best.worst_m):
            best = found
    return best


def longest(vectors: FloatArray) -> float:
    """Return the length of the longest of (…, 3) vectors, given in rows of any shape."""
    return float(np.sqrt(_squares(vectors).max(initial=0.0)))


def even_choice(count: int) -> AnyArray:
    """Return the indices 0 … count − 1, or 2048 of them, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, _MAX_SIDE)).round().astype(np.int64))


def _strongest(offsets: Float32Array, *, limit: int) -> Float64Array:
    """Return (3 n, k) orthonormal directions, the strongest first."""
    n_frames, n_values = offsets.shape
    if n_values <= min(n_frames, _MAX_SIDE):
        gram = np.zeros((n_values, n_values))
        for chunk in _chunks(n_frames):
            exact = offsets[chunk].astype(np.float64)
            gram += exact.T @ exact
        # Copies: numpy multiplies reversed views without BLAS, forty times slower.
        return np.linalg.eigh(gram)[1][:, ::-1][:, :limit].copy()
    # Long takes of large faces: directions are sought in some frames, errors in all.
    some = offsets[even_choice(n_frames)].astype(np.float64)
    values, vectors = np.linalg.eigh(some @ some.T)
    is_real = values > max(values[-1], 0.0) * 1e-15
    # Orthogonal by construction but for rounding, which QR takes out.
    return np.linalg.qr(some.T @ vectors[:, is_real][:, ::-1][:, :limit].copy())[0]


def _turned(
    offsets: Float32Array,
    directions: Float32Array,
    *,
    frame_weights: Float64Array,
    value_weights: Float64Array,
) -> Float64Array:
    """Turn directions toward the strongest of the weighted offsets, by one step of iteration.

    They come out orthonormal in the weighted space, the strongest first.
    """
    start = np.linalg.qr(directions * value_weights[:, None])[0]
    pulled = np.zeros_like(start)
    for chunk in _chunks(len(offsets)):
        weighted = offsets[chunk] * value_weights * frame_weights[chunk, None]
        pulled += weighted.T @ (weighted @ start)
    turn = np.linalg.eigh(start.T @ pulled)[1][:, ::-1].copy()
    return np.asarray(np.linalg.qr(pulled @ turn)[0], np.float64)


def _fitted(
    offsets: Float32Array,
    basis: Float64Array,
    *,
    point_weights: Float64Array,
    tolerance_m: float,
    limit: int,
) -> Components:
    """Fit all frames with a basis of the weighted space; find by bisection how much is needed."""
    value_weights = np.repeat(point_weights, 3)[:, None]
    fitting = basis * value_weights
    amounts = np.zeros((len(offsets), basis.shape[1]), np.float32)
    for chunk in _chunks(len(offsets)):
        amounts[chunk] = offsets[chunk].astype(np.float64) @ fitting
    n_sides = (amounts > 0).any(axis=0).astype(np.int64) + (amounts < 0).any(axis=0)
    n_allowed = int(np.searchsorted(np.cumsum(n_sides), limit, side="right"))
    directions = (basis / value_weights).astype(np.float32)[:, :n_allowed]
    found = Components(directions, amounts[:, :n_allowed], n_allowed, 0.0)
    low, high = 0, n_allowed
    while low < high:
        middle = (low + high) // 2
        if _is_within(offsets, found, count=middle, tolerance_m=tolerance_m):
            high = middle
        else:
            low = middle + 1
    worst_m = max((longest(rest) for _, rest in _rests(offsets, found, count=low)), default=0.0)
    return Components(found.directions, found.amounts, low, worst_m)


def _is_within(
    offsets: Float32Array, components: Components, *, count: int, tolerance_m: float
) -> bool:
    """Say whether the first few components leave nothing over beyond the tolerance."""
    return all(longest(rest) <= tolerance_m for _, rest in _rests(offsets, components, count=count))


def _worst_of_each(
    offsets: Float32Array, components: Components, *, count: int
) -> tuple[Float64Array, Float64Array]:
    """Return the largest distances left over: (n_frames,) of each frame, (n,) of each point."""
    by_frame = np.zeros(len(offsets))
    by_point = np.zeros(offsets.shape[1] // 3)
    for chunk, rest in _rests(offsets, components, count=count):
        distances = np.sqrt(_squares(rest)).reshape(len(rest), -1)
        by_frame[chunk] = distances.max(axis=1)
        by_point = np.maximum(by_point, distances.max(axis=0))
    return by_frame, by_point


def _rests(
    offsets: Float32Array, components: Components, *, count: int
) -> Iterator[tuple[slice, Float32Array]]:
    """Yield what the first few components leave over, some frames at a time."""
    directions = components.directions[:, :count].T
    for chunk in _chunks(len(offsets), size=_N_TESTED):
        yield chunk, offsets[chunk] - components.amounts[chunk, :count] @ directions


def _raised(weights: Float64Array, worst: Float64Array) -> Float64Array:
    """Give more weight to what was left over most."""
    raised = weights * (worst / max(worst.max(), np.finfo(np.float32).tiny)) ** _POWER
    raised /= max(raised.max(), np.finfo(np.float32).tiny)
    return np.asarray(np.maximum(raised, _LEAST_WEIGHT), np.float64)


def _squares(vectors: FloatArray) -> FloatArray:
    """Return the squared lengths of (…, 3) vectors, in one row."""
    flat = vectors.reshape(-1, 3)
    return np.asarray(np.einsum("ij,ij->i", flat, flat))


def _chunks(n_frames: int, *, size: int = _N_CHUNK) -> Iterator[slice]:
    """Yield slices that cover all frames."""
    for first in range(0, n_frames, size):
        yield slice(first, min(first + size, n_frames))
