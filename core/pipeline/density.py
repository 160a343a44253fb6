"""A solved face of a position map → the same face with more vertices, sampled from its maps.

Poses, depth and smoothing are those of the coarse mesh. What the map shows between its vertices is
laid on top: too little to need a smoothing of its own.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..arrays import Float32Array
from ..errors import ArgumentError
from ..geometry import (
    Interpolation,
    MapFace,
    image_from_geometry,
    interpolation_to,
    is_of_map,
    load_map_face,
    vertices_from_map,
)
from ..geometry.map_face import N_VERTICES_OF_DENSITY
from ..records import Performance, Take
from ..settings import Density
from ..spaces import apply_transform, focal_length_px
from ..takes import read_position_maps

N_CHUNK = 32
"""Frames handled together: their maps take 6 MB."""


def has_position_maps(take: Take) -> bool:
    """Say whether the faces of a take were sampled from position maps."""
    return any(is_of_map(track.landmarks_px.shape[1]) for track in take.faces)


def with_density(performance: Performance, take: Take, density: Density) -> Performance:
    """Give a solved face the mesh of a density.

    Parameters
    ----------
    performance : of the take, with the coarse mesh; maybe some frames of it only
    take : read from disk
    density : of the mesh

    Returns
    -------
    Performance
        Filled frames, of which there is no map, get what the others have on average.

    Raises
    ------
    ArgumentError
        The take has no position maps.
    TakeError
        They cannot be read.
    """
    n_points = performance.landmarks_smooth_px.shape[1]
    if not is_of_map(n_points):
        if density == "1k":
            return performance
        raise ArgumentError(
            f"density '{density}' needs position maps, but the take was captured with engine "
            f"'{take.provenance.engine}', which gives {n_points} points. Capture it with engine "
            "'prnet', or use subdivision instead."
        )
    n_wanted = N_VERTICES_OF_DENSITY[density]
    if n_wanted == n_points:
        return performance
    face, between = load_map_face(n_wanted), interpolation_to(n_wanted)
    seen_px = _sampled(performance, take, face=face)
    head_m = _dense_head(performance, seen_px, between=between)
    geometry = replace(performance.geometry, head_m=head_m)
    smooth_px = np.full_like(head_m, np.nan)
    smooth_px[performance.is_present] = image_from_geometry(
        geometry, is_wanted=performance.is_present
    )
    return replace(
        performance,
        track=replace(performance.track, landmarks_px=seen_px),
        landmarks_smooth_px=smooth_px,
        geometry=geometry,
        topology=face.canonical.topology,
    )


def _sampled(performance: Performance, take: Take, *, face: MapFace) -> Float32Array:
    """Sample the maps of all frames: (n_frames, n_vertices, 3), image space, NaN where lost."""
    n_frames = len(performance.time_s)
    row = int(np.searchsorted(take.time_s, performance.time_s[0]))
    seen_px = np.full((n_frames, len(face.uv), 3), np.nan, np.float32)
    for first in range(0, n_frames, N_CHUNK):
        stop = min(first + N_CHUNK, n_frames)
        maps = read_position_maps(take, performance.face_index, first=row + first, stop=row + stop)
        together = np.moveaxis(maps, 0, 2).reshape(*maps.shape[1:3], -1)
        vertices = vertices_from_map(together, face.uv)
        seen_px[first:stop] = np.moveaxis(vertices.reshape(len(face.uv), -1, 3), 1, 0)
    seen_px[performance.track.presence <= 0] = np.nan
    return seen_px


def _dense_head(
    performance: Performance, seen_px: Float32Array, *, between: Interpolation
) -> Float32Array:
    """Return the dense mesh in head space: (n_frames, n_vertices, 3)."""
    head_m = between.of(performance.geometry.head_m)
    detail_m = np.full_like(head_m, np.nan)
    for first in range(0, len(head_m), N_CHUNK):
        chunk = slice(first, first + N_CHUNK)
        detail_px = seen_px[chunk] - between.of(performance.track.landmarks_px[chunk])
        placed_m = _placed(performance, detail_px, chunk=chunk, between=between)
        detail_m[chunk] = placed_m - head_m[chunk]
    is_known = np.isfinite(detail_m[:, 0, 0])
    if is_known.any():
        detail_m[~is_known] = detail_m[is_known].mean(axis=0)
    return head_m + detail_m


def _placed(
    performance: Performance, detail_px: Float32Array, *, chunk: slice, between: Interpolation
) -> Float32Array:
    """Lay vertices along their lines of sight: as deep as the coarse mesh, and the detail."""
    geometry = performance.geometry
    pose, focal = geometry.camera_from_head[chunk], focal_length_px(geometry.camera)
    coarse_m = apply_transform(pose, geometry.head_m[chunk])
    distance_m = between.of(-coarse_m[..., 2:])
    head_m = -pose[:, 2, 3, None, None]
    distance_m = distance_m + detail_px[..., 2:] * (head_m / focal)
    height, width = geometry.camera.size
    smooth_px = between.of(performance.landmarks_smooth_px[chunk]) + detail_px
    offsets = (smooth_px[..., :2] - (width / 2.0, height / 2.0)) * (1.0 / focal, -1.0 / focal)
    camera_m = np.concatenate([offsets * distance_m, -distance_m], axis=-1)
    head_from_camera = np.full_like(pose, np.nan)
    is_there = np.isfinite(pose).all((1, 2))
    head_from_camera[is_there] = np.linalg.inv(pose[is_there])
    return np.asarray(apply_transform(head_from_camera, camera_m), np.float32)
