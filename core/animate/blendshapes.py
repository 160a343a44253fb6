"""Positions over time as few blendshapes with weights in 0 to 1."""

from __future__ import annotations

import numpy as np

from ..arrays import AnyArray, Float32Array, Float64Array, FloatArray, check_shape
from ..errors import DegenerateError, RangeError
from ..records import BlendshapeAnimation

# Eigenvectors are sought on the shorter side of the matrix, of this length at most.
_MAX_SIDE = 2048
# Frames evaluated together: 1024 frames of 468 points take 6 MB.
_N_CHUNK = 1024
# A side of a component that moves no point further than this is rounding.
_NOTHING_M = 1e-9
_NEUTRAL_SHARE = 0.1


def blendshapes_from_positions(
    positions_m: FloatArray,
    *,
    neutral_m: FloatArray | None = None,
    tolerance_m: float,
    max_blendshapes: int,
) -> BlendshapeAnimation:
    """Find few blendshapes and their weights that rebuild a take.

    Parameters
    ----------
    positions_m : shape (n_frames, n, 3), metres, head space; lost frames NaN throughout
    neutral_m : shape (n, 3), metres, head space; None: `neutral_face` of the frames
    tolerance_m : there are as many blendshapes as keep every point of every frame this near
    max_blendshapes : but never more than this

    Returns
    -------
    BlendshapeAnimation
        Each component of a singular value decomposition of the offsets from the neutral face is
        split into a blendshape for its positive and one for its negative weights, scaled so that
        the largest weight is 1; a side that is never used is left out, and a face that never moves
        has none. Lost frames hold the weights of the last frame that was seen, or, before it, of
        the first. `worst_error_m` is measured on the rounded result, evaluated in float32; it is
        above the tolerance only where `max_blendshapes` are too few or float32 is too coarse.

    Raises
    ------
    ShapeError, RangeError, DegenerateError
        Shapes do not fit; the tolerance or the number is out of range; no frame is seen.
    """
    check_shape("positions_m", positions_m, ("n_frames", "n", 3))
    if not tolerance_m > 0 or max_blendshapes < 0:
        raise RangeError(
            "tolerance_m must be above 0 and max_blendshapes at least 0, "
            f"got {tolerance_m:g} and {max_blendshapes}"
        )
    is_seen = np.isfinite(positions_m).all(axis=(1, 2))
    seen = positions_m if is_seen.all() else positions_m[is_seen]
    basis = neutral_face(seen) if neutral_m is None else np.asarray(neutral_m, np.float32)
    check_shape("neutral_m", basis, (positions_m.shape[1], 3))
    offsets = (seen - basis).astype(np.float32).reshape(len(seen), -1)

    components = _components(offsets, limit=max_blendshapes)
    amounts = _chunked_product(offsets, components)
    n_fitting = _n_within(offsets, components, amounts, tolerance_m=tolerance_m)
    held = _held_index(is_seen)
    while True:
        found = _animation(basis, components[:, :n_fitting], amounts[:, :n_fitting])
        worst = _worst_error(found, seen)
        if worst <= tolerance_m or n_fitting == components.shape[1]:
            break
        n_fitting = min(n_fitting + 1 + n_fitting // 8, components.shape[1])
    return BlendshapeAnimation(
        found.neutral_m, found.offsets_m, found.weights[held], found.names, worst
    )


def neutral_face(positions_m: FloatArray, *, reference_m: FloatArray | None = None) -> Float32Array:
    """Return the person's face at rest, as far as a take shows it.

    Parameters
    ----------
    positions_m : shape (n_frames, n, 3), metres, head space; lost frames NaN
    reference_m : shape (n, 3), metres, head space: a neutral face of anyone, such as the canonical
        face; None: the median of every coordinate

    Returns
    -------
    shape (n, 3), float32, metres, head space
        The mean of the tenth of the frames that lie nearest to the reference: of whole faces that
        were really made.

    Raises
    ------
    ShapeError, DegenerateError
        The reference has another shape; no frame is seen.

    Notes
    -----
    The median knows no blink and no word, as long as each takes less than half of the time. But who
    talks all the time has the mouth open in it: of four clips, three of them of speech, the lips
    stood 1.8, 10, 12 and 13 mm apart. With the canonical face as the reference it was 0.6, 4, 3 and
    5 mm (canonical face: 6 mm).
    """
    seen = positions_m[np.isfinite(positions_m).all(axis=(1, 2))]
    if not len(seen):
        raise DegenerateError("positions_m must have at least one frame with a face, got none")
    some = seen[_even_choice(len(seen), _MAX_SIDE)]
    centre = np.median(some, axis=0) if reference_m is None else reference_m
    check_shape("reference_m", centre, (positions_m.shape[1], 3))
    distances = np.square(some - centre).sum(axis=(1, 2))
    n_near = max(1, round(_NEUTRAL_SHARE * len(some)))
    nearest = np.argsort(distances, kind="stable")[:n_near]
    return np.asarray(some[nearest].mean(axis=0, dtype=np.float64), np.float32)


def positions_from_blendshapes(
    animation: BlendshapeAnimation, *, first: int = 0, end: int | None = None
) -> Float32Array:
    """Rebuild the positions of some frames, in float32 as a scene does.

    Returns
    -------
    shape (n_frames, n, 3), metres, the animation's space
    """
    weights = animation.weights[first:end]
    flat = animation.offsets_m.reshape(len(animation.names), animation.neutral_m.size)
    moved = np.matmul(weights, flat).reshape(len(weights), -1, 3)
    return np.asarray(animation.neutral_m + moved, np.float32)


def _components(offsets: Float32Array, *, limit: int) -> Float32Array:
    """Return (3 n, k) orthonormal components, the strongest first; a component has two sides."""
    n_frames, n_values = offsets.shape
    if n_values <= min(n_frames, _MAX_SIDE):
        gram = np.zeros((n_values, n_values))
        for first in range(0, n_frames, _N_CHUNK):
            chunk = offsets[first : first + _N_CHUNK].astype(np.float64)
            gram += chunk.T @ chunk
        components = np.linalg.eigh(gram)[1][:, ::-1][:, :limit].copy()
    else:
        # Long takes of large faces: the space is sought in some frames, the error in all.
        some = offsets[_even_choice(n_frames, _MAX_SIDE)].astype(np.float64)
        values, vectors = np.linalg.eigh(some @ some.T)
        is_real = values > max(values[-1], 0.0) * 1e-15
        # A copy: numpy multiplies reversed views without BLAS, forty times slower.
        strongest = vectors[:, is_real][:, ::-1][:, :limit].copy()
        # Orthonormal by construction but for rounding, which QR takes out.
        components = np.linalg.qr(some.T @ strongest)[0]
    components = components.astype(np.float32)
    return components[:, : _n_allowed(_chunked_product(offsets, components), limit=limit)]


def _n_allowed(amounts: Float32Array, *, limit: int) -> int:
    """Return how many components have no more than so many used sides together."""
    n_sides = (amounts.max(axis=0, initial=0) > 0).astype(np.int64) + (
        amounts.min(axis=0, initial=0) < 0
    )
    return int(np.searchsorted(np.cumsum(n_sides), limit, side="right"))


def _n_within(
    offsets: Float32Array, components: Float32Array, amounts: Float32Array, *, tolerance_m: float
) -> int:
    """Find by bisection how many components keep the worst error under the tolerance."""
    low, high = 0, components.shape[1]
    while low < high:
        middle = (low + high) // 2
        if _worst_residual(offsets, components[:, :middle], amounts[:, :middle]) <= tolerance_m:
            high = middle
        else:
            low = middle + 1
    return low


def _worst_residual(
    offsets: Float32Array, components: Float32Array, amounts: Float32Array
) -> float:
    """Return the largest distance of a point that the components leave over."""
    worst = 0.0
    for first in range(0, len(offsets), _N_CHUNK):
        chunk = slice(first, first + _N_CHUNK)
        worst = max(worst, _longest(offsets[chunk] - amounts[chunk] @ components.T))
    return worst


def _worst_error(animation: BlendshapeAnimation, positions_m: FloatArray) -> float:
    """Return the largest distance of a rebuilt point from its original."""
    worst = 0.0
    for first in range(0, len(positions_m), _N_CHUNK):
        end = first + _N_CHUNK
        rebuilt = positions_from_blendshapes(animation, first=first, end=end)
        worst = max(worst, _longest(rebuilt - positions_m[first:end]))
    return worst


def _longest(vectors: FloatArray) -> float:
    """Return the length of the longest of (…, 3) vectors, given in rows of any shape."""
    flat = vectors.reshape(-1, 3)
    return float(np.sqrt(np.einsum("ij,ij->i", flat, flat).max(initial=0.0)))


def _animation(
    neutral_m: Float32Array, components: Float32Array, amounts: Float32Array
) -> BlendshapeAnimation:
    """Split each component into its two sides, and round them as shape keys are stored."""
    offsets: list[Float32Array] = []
    weights: list[Float32Array] = []
    names: list[str] = []
    for index, (component, amount) in enumerate(zip(components.T, amounts.T, strict=True), 1):
        for sign, side in ((1, "plus"), (-1, "minus")):
            used = np.maximum(sign * amount, 0)
            largest = float(used.max())
            offset = (sign * largest * component).reshape(-1, 3)
            if _longest(offset) > _NOTHING_M:
                # A shape key stores positions: what counts is their difference from the neutral.
                offsets.append((neutral_m + offset).astype(np.float32) - neutral_m)
                weights.append((used / largest).astype(np.float32))
                names.append(f"shape_{index:02d}_{side}")
    return BlendshapeAnimation(
        neutral_m=neutral_m,
        offsets_m=np.array(offsets, np.float32).reshape(len(names), *neutral_m.shape),
        weights=np.array(weights, np.float32).reshape(len(names), len(amounts)).T.copy(),
        names=tuple(names),
        worst_error_m=0.0,
    )


def _chunked_product(offsets: Float32Array, components: Float32Array) -> Float32Array:
    """Return offsets @ components, summed in float64."""
    product = np.zeros((len(offsets), components.shape[1]), np.float32)
    exact: Float64Array = components.astype(np.float64)
    for first in range(0, len(offsets), _N_CHUNK):
        chunk = slice(first, first + _N_CHUNK)
        product[chunk] = offsets[chunk].astype(np.float64) @ exact
    return product


def _held_index(is_seen: AnyArray) -> AnyArray:
    """Return, for each frame, the seen frame that it shows, counted among the seen ones."""
    return np.maximum(np.cumsum(is_seen) - 1, 0)


def _even_choice(count: int, limit: int) -> AnyArray:
    """Return at most `limit` of the indices 0 … count − 1, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, limit)).round().astype(np.int64))
