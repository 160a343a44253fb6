"""All arrays of a take for other programs, as one NumPy archive."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..arrays import AnyArray, BoolArray
from ..records import BlendshapeWeights, Performance
from .atomic_file import new_file

FORMAT_VERSION = 1


def write_npz(
    performances: Sequence[Performance],
    path: str | Path,
    *,
    blendshapes: Sequence[BlendshapeWeights | None] = (),
    visibility: Sequence[BoolArray | None] = (),
) -> None:
    """Write the arrays of every face; docs/formats/npz.md lists them.

    Parameters
    ----------
    performances : one a face; of a take of several, the names of face k begin with `face<k>/`, from
        0, whether the others were seen or not
    path : the file, whatever its suffix
    blendshapes : one a face, None where there are none; no faces' when empty
    visibility : one a face, (n_frames, n_points): which points are seen, or None; no faces' when
        empty

    Raises
    ------
    ExportError
        The file cannot be written.
    """
    arrays: dict[str, AnyArray] = {"format_version": np.array(FORMAT_VERSION, np.int32)}
    weights = blendshapes or [None] * len(performances)
    seen = visibility or [None] * len(performances)
    for performance, named, is_visible in zip(performances, weights, seen, strict=True):
        prefix = f"face{performance.face_index}/" if performance.n_faces > 1 else ""
        of_face = _arrays(performance) | _weights(named)
        if is_visible is not None:
            of_face["is_visible"] = is_visible.astype(np.bool_)
        for name, array in of_face.items():
            arrays[prefix + name] = array
    # Not np.savez: where the disk is full it leaves its archive open, which complains at exit.
    with new_file(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)  # type: ignore[no-untyped-call]


def _arrays(performance: Performance) -> dict[str, AnyArray]:
    """Return one face's arrays by name."""
    geometry, topology = performance.geometry, performance.topology
    of_map = {"quads": topology.quads, "ibug_points": topology.ibug_vertex}
    return {
        **{name: index.astype(np.int32) for name, index in of_map.items() if len(index)},
        "time_s": performance.time_s.astype(np.float64),
        "presence": performance.track.presence.astype(np.float32),
        "is_filled": performance.is_filled.astype(np.bool_),
        "landmarks_px": performance.track.landmarks_px.astype(np.float32),
        "landmarks_smooth_px": performance.landmarks_smooth_px.astype(np.float32),
        "head_m": geometry.head_m.astype(np.float32),
        "image_from_head": geometry.image_from_head.astype(np.float64),
        "camera_from_head": geometry.camera_from_head.astype(np.float64),
        "camera_fov_y_rad": np.array(geometry.camera.fov_y_rad, np.float64),
        "footage_size": np.array(performance.footage.size, np.int32),
        "triangles": topology.triangles.astype(np.int32),
        "uv": topology.uv.astype(np.float32),
    }


def _weights(named: BlendshapeWeights | None) -> dict[str, AnyArray]:
    """Return one face's weights by name, nothing where there are none."""
    if named is None:
        return {}
    return {
        "blendshapes": named.weights.astype(np.float32),
        "blendshape_names": np.array(named.names),
    }
