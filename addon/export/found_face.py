"""Whether a face that was found in a file is the one that was built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...core.arrays import FloatArray
from ...core.spaces import apply_transform
from .expected import ExpectedFace
from .failure import POSITION_TOLERANCE_M, SHAPE_TOLERANCE_M, WEIGHT_TOLERANCE, failed


@dataclass(frozen=True, slots=True, eq=False)
class FoundMotion:
    """What moves, at the probes.

    `weights` (n_probes, n_blendshapes); `world_from_local` (n_probes, 4, 4), metres, Blender's
    axes.
    """

    weights: FloatArray
    world_from_local: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class FoundFace:
    """Shapes, as in `ExpectedFace`, and the motion unless the file has none."""

    key_names: tuple[str, ...]
    neutral_m: FloatArray
    offsets_m: FloatArray
    motion: FoundMotion | None


def check_found_face(path: Path, wanted: ExpectedFace, *, found: FoundFace) -> None:
    """Raise unless shapes, weights and every vertex in the world are what they should be."""
    if found.key_names != wanted.key_names:
        raise failed(path, f"the shape keys of '{wanted.name}' are others in it")
    if len(found.neutral_m) != len(wanted.surface):
        finding = f"{len(found.neutral_m)} vertices instead of {len(wanted.surface)}"
        raise failed(path, f"'{wanted.name}' has {finding} in it")
    _check_shape(
        path,
        f"the neutral shape of '{wanted.name}'",
        found.neutral_m - wanted.neutral_m[wanted.surface],
    )
    for name, offset, rest in zip(wanted.key_names, found.offsets_m, wanted.offsets_m, strict=True):
        what = f"shape key '{name}' of '{wanted.name}'"
        _check_shape(path, what, offset - rest[wanted.surface])
    if found.motion is not None:
        _check_motion(path, wanted, found=found, motion=found.motion)


def _check_motion(
    path: Path, wanted: ExpectedFace, *, found: FoundFace, motion: FoundMotion
) -> None:
    """Raise unless the weights and every vertex in the world are right at the probes."""
    if np.abs(motion.weights - wanted.weights).max(initial=0.0) > WEIGHT_TOLERANCE:
        raise failed(path, f"it animates another expression of '{wanted.name}'")
    local = found.neutral_m + np.tensordot(motion.weights, found.offsets_m, axes=1)
    world = apply_transform(motion.world_from_local, local)
    error_m = _largest(world - wanted.world_m[:, wanted.surface])
    if error_m > POSITION_TOLERANCE_M:
        raise failed(path, f"'{wanted.name}' lies {error_m * 1e3:.3g} mm off in it")


def _check_shape(path: Path, what: str, difference: FloatArray) -> None:
    """Raise where a shape differs."""
    error_m = _largest(difference)
    if error_m > SHAPE_TOLERANCE_M:
        raise failed(path, f"{what} lies {error_m * 1e3:.3g} mm off in it")


def _largest(vectors: FloatArray) -> float:
    """Return the longest length; not a number counts as endless."""
    longest = float(np.sqrt(np.square(vectors).sum(-1).max(initial=0.0)))
    return longest if np.isfinite(longest) else float("inf")
