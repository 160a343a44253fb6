"""Head poses and points as a table, one row a frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ..arrays import Float64Array
from ..errors import ShapeError
from ..records import Performance
from ..spaces import quaternions_of_rotations
from .atomic_file import new_file

_POSE_COLUMNS = (
    "location_x", "location_y", "location_z",
    "rotation_w", "rotation_x", "rotation_y", "rotation_z",
    "scale",
)  # fmt: skip


def write_points_csv(performances: Sequence[Performance], path: str | Path) -> None:
    """Write the table; docs/formats/csv.md explains its columns.

    Parameters
    ----------
    performances : one a face, all with the same number of points; rows are face after face
    path : the file

    Raises
    ------
    ShapeError
        Faces differ in their number of points.
    ExportError
        The file cannot be written.
    """
    counts = {performance.geometry.head_m.shape[1] for performance in performances}
    if len(counts) != 1:
        raise ShapeError(f"faces of one table must have as many points each, got {sorted(counts)}")
    points = [f"{axis}_{index}" for index in range(counts.pop()) for axis in "xyz"]
    columns = ("frame", "time_s", "face", "presence", *_POSE_COLUMNS, *points)
    with new_file(path) as file:
        file.write((",".join(columns) + "\n").encode())
        for performance in performances:
            for row in _rows(performance):
                file.write(row.encode())


def _rows(performance: Performance) -> Iterator[str]:
    """Yield the lines of one face, each with its line end."""
    head_m, presence = performance.geometry.head_m, performance.track.presence
    is_present = performance.is_present
    poses = np.full((len(head_m), len(_POSE_COLUMNS)), np.nan)
    poses[is_present] = _pose_channels(performance.geometry.camera_from_head[is_present])
    # A millionth of a unit of rotation and scale, a tenth of a micrometre for points.
    pose_format = ",%.7f" * len(_POSE_COLUMNS)
    point_format = ",%.7f" * head_m[0].size + "\n"
    empty = "," * (len(_POSE_COLUMNS) + head_m[0].size) + "\n"
    for frame, time_s in enumerate(performance.time_s.tolist()):
        line = f"{frame},{time_s:.6f},{performance.face_index},{presence[frame]:.4f}"
        if is_present[frame]:
            line += pose_format % tuple(poses[frame].tolist())
            line += point_format % tuple(head_m[frame].ravel().tolist())
        else:
            line += empty
        yield line


def _pose_channels(camera_from_head: Float64Array) -> Float64Array:
    """Return location, rotation (w, x, y, z) and scale of similarities: (n, 4, 4) → (n, 8)."""
    linear = camera_from_head[:, :3, :3]
    scale = np.cbrt(np.linalg.det(linear))
    quaternions = quaternions_of_rotations(linear / scale[:, None, None])
    return np.concatenate([camera_from_head[:, :3, 3], quaternions, scale[:, None]], axis=1)
