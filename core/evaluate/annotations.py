"""What people marked on a photograph: 68 points, and with some data sets the head's turn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..arrays import Float64Array
from ..errors import CannotDecode
from .mat_file import read_mat

N_POINTS = 68
_POINTS, _POSE = "pt3d_68", "Pose_Para"
_YAW_INDEX = 1
_MATLABS_ORIGIN = 1.0
"""The first pixel of a `.pts` file is 1, as in MATLAB, where they were made."""


@dataclass(frozen=True, slots=True, eq=False)
class Annotation:
    """`points_px` (68, 2) float64, image space; `yaw_rad` None where it is not known."""

    points_px: Float64Array
    yaw_rad: float | None = None


def read_annotation(path: Path) -> Annotation:
    """Read a `.mat` as AFLW2000-3D has it, or a `.pts` as 300-W has it.

    Raises
    ------
    CannotDecode
        The file cannot be read, is damaged, or does not hold 68 points.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CannotDecode(
            f"Annotation '{path.name}' cannot be read: {error.strerror}. Check the file."
        ) from error
    subject = f"Annotation '{path.name}'"
    found = (_from_mat if path.suffix == ".mat" else _from_pts)(data, subject)
    sides = np.ptp(found.points_px, axis=0)
    if not np.isfinite(found.points_px).all() or not sides.min() > 0.0:
        raise CannotDecode(f"{subject} has points that are no numbers, or all on one line.")
    return found


def _from_mat(data: bytes, subject: str) -> Annotation:
    """Read the points and the pose that AFLW2000-3D was annotated with.

    The numbers are taken as they stand, as published evaluations of this data set do.
    """
    arrays = read_mat(data, (_POINTS, _POSE), subject=subject)
    for name in (_POINTS, _POSE):
        if name not in arrays:
            raise CannotDecode(f"{subject} lacks '{name}'. AFLW2000-3D's files hold it.")
    points, pose = arrays[_POINTS], arrays[_POSE].ravel()
    if points.ndim != 2 or points.shape[0] not in (2, 3) or points.shape[1] != N_POINTS:
        raise CannotDecode(f"{subject}: '{_POINTS}' must have shape (3, 68), got {points.shape}.")
    if len(pose) <= _YAW_INDEX or not np.isfinite(pose[_YAW_INDEX]):
        raise CannotDecode(f"{subject}: '{_POSE}' must hold pitch, yaw and roll.")
    return Annotation(points[:2].T.copy(), float(pose[_YAW_INDEX]))


def _from_pts(data: bytes, subject: str) -> Annotation:
    """Read `version: 1`, `n_points: 68`, and points in braces."""
    head, brace, rest = data.decode("utf-8", "replace").partition("{")
    body, end, _ = rest.partition("}")
    if not brace or not end:
        raise CannotDecode(f"{subject} is no .pts file, or is cut off: it has no points in braces.")
    try:
        values = np.array(body.split(), np.float64)
    except ValueError as error:
        raise CannotDecode(f"{subject} holds what is no number: {error}.") from error
    if values.size != 2 * N_POINTS:
        count = head.partition("n_points:")[2].split()[:1]
        stated = f", and says {count[0]}" if count else ""
        raise CannotDecode(
            f"{subject} must hold {N_POINTS} points, got {values.size / 2:g}{stated}."
        )
    return Annotation(values.reshape(N_POINTS, 2) - _MATLABS_ORIGIN)
