"""Take → solved faces; computed again at will, the footage itself is not needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..arrays import Float32Array
from ..errors import ArgumentError, TakeError
from ..geometry import (
    TakeFace,
    canonical_face_of,
    image_from_geometry,
    scaled_by_irises,
    solve_geometry,
    solve_take,
)
from ..landmarks import engine_spec
from ..records import FaceGeometry, FaceTrack, Performance, Take
from ..settings import WHOLE, Density, SmoothSettings, Span
from ..smooth import fill_gaps, smooth_without_lag
from .causal import calm_causally
from .density import with_density
from .firm_points import eyes_of_mesh, firmness_of_mesh, is_known_mesh

SAME_TIME_S = 1e-4
"""Times that miss the end of a span by less than this lie in it: rounding."""


Geometries = Mapping[int, FaceGeometry]
"""What was solved before anything was smoothed, by the number of the face in its take."""


def solve(
    take: Take,
    settings: SmoothSettings,
    *,
    span: Span = WHOLE,
    geometries: Geometries | None = None,
    density: Density = "1k",
) -> list[Performance]:
    """Smooth and solve every face of a take that was seen at all.

    Parameters
    ----------
    take : raw samples
    settings : how to smooth, which gaps to fill, how depth and size are found
    span : what is wanted of it; the rest still helps to smooth
    geometries : `raw_geometries` of the take, where somebody kept them for settings of the same
        `geometry_kind`: it is a good part of the work, and the same however the take is smoothed
    density : about how many vertices a position map is sampled to

    Returns
    -------
    list of Performance
        In the order of the take's faces.

    Raises
    ------
    TakeError
        Another Mien captured it, with an engine that this one lacks.
    ArgumentError
        The span holds no frame of the take; irises are to give the size, and there are none; a
        dense mesh is asked for, and there are no position maps.
    """
    _check_engine(take)
    points = {
        face_index: calm_causally(
            track.landmarks_px, take.time_s, settings=settings, shot=take.shot
        )
        if settings.mode == "live"
        else track.landmarks_px
        for face_index, track in enumerate(take.faces)
        if track.presence.any()
    }
    if geometries is None or settings.mode == "live":
        geometries = _geometries(take, points, settings=settings)
    performances = [
        _smoothed_face(
            take,
            take.faces[face_index],
            face_index=face_index,
            settings=settings,
            points=points[face_index],
            geometry=geometries[face_index],
        )
        for face_index in points
    ]
    cut = performances if span == WHOLE else [_cut(one, span) for one in performances]
    return [with_density(one, take, density) for one in cut]


def _check_engine(take: Take) -> None:
    """Raise unless this Mien has the engine of a take."""
    try:
        engine_spec(take.provenance.engine)
    except ArgumentError as error:
        raise TakeError(
            f"Take '{take.folder}' was captured with engine '{take.provenance.engine}', which this "
            "Mien does not have. Update Mien, or capture again."
        ) from error


def _cut(performance: Performance, span: Span) -> Performance:
    """Keep the frames within a span."""
    time_s = performance.time_s
    start_s, end_s = span.limits_s
    first, last = np.searchsorted(time_s, (start_s - SAME_TIME_S, end_s + SAME_TIME_S))
    if first == last:
        raise ArgumentError(
            f"No frame of the take lies between {start_s:g} and {end_s:g} s: it goes from "
            f"{time_s[0]:g} to {time_s[-1]:g} s. Choose another range."
        )
    kept = slice(int(first), int(last))
    track, geometry = performance.track, performance.geometry
    return replace(
        performance,
        time_s=time_s[kept],
        track=FaceTrack(track.presence[kept], track.landmarks_px[kept], track.regions[kept]),
        landmarks_smooth_px=performance.landmarks_smooth_px[kept],
        geometry=replace(
            geometry,
            head_m=geometry.head_m[kept],
            camera_from_head=geometry.camera_from_head[kept],
            image_from_head=geometry.image_from_head[kept],
        ),
        is_filled=performance.is_filled[kept],
    )


def raw_geometries(take: Take, settings: SmoothSettings | None = None) -> dict[int, FaceGeometry]:
    """Solve every face of a take that was seen at all, as it was captured.

    Parameters
    ----------
    take : raw samples
    settings : only `geometry_kind` of them matters; left out, the defaults

    Raises
    ------
    ArgumentError
        Irises are to give the size, and there are none.
    """
    points = {
        face_index: track.landmarks_px
        for face_index, track in enumerate(take.faces)
        if track.presence.any()
    }
    return _geometries(take, points, settings=settings or SmoothSettings())


def _geometries(
    take: Take, points: Mapping[int, Float32Array], *, settings: SmoothSettings
) -> dict[int, FaceGeometry]:
    """Solve the faces of some landmarks: together, since one camera took them, or each frame."""
    size = take.footage.size
    # By their own number of landmarks: what an engine's name stands for may change.
    canonicals = {index: canonical_face_of(one.shape[1]) for index, one in points.items()}
    if settings.has_depth_of_take and all(is_known_mesh(one.shape[1]) for one in points.values()):
        faces = [
            TakeFace(
                landmarks_px=one,
                canonical=canonicals[index],
                firmness=firmness_of_mesh(one.shape[1]),
                eyes=eyes_of_mesh(one.shape[1]),
            )
            for index, one in points.items()
        ]
        solved = dict(zip(points, solve_take(faces, size=size), strict=True))
    else:
        solved = {
            index: solve_geometry(one, size=size, canonical=canonicals[index])
            for index, one in points.items()
        }
    if settings.scale == "iris":
        return {
            index: _scaled_by_irises(take, geometry, landmarks_px=points[index])
            for index, geometry in solved.items()
        }
    return solved


def _scaled_by_irises(
    take: Take, geometry: FaceGeometry, *, landmarks_px: Float32Array
) -> FaceGeometry:
    """Give a face the size that its irises tell."""
    eyes = eyes_of_mesh(landmarks_px.shape[1])
    if not eyes:
        raise ArgumentError(
            f"scale 'iris' needs landmarks on the irises, but the take was captured with engine "
            f"'{take.provenance.engine}', which gives {landmarks_px.shape[1]} points and no "
            "irises. Capture it with engine 'facemesh', or choose scale 'canonical'."
        )
    return scaled_by_irises(geometry, landmarks_px, eyes=eyes)


def _smoothed_face(
    take: Take,
    track: FaceTrack,
    *,
    face_index: int,
    settings: SmoothSettings,
    points: Float32Array,
    geometry: FaceGeometry,
) -> Performance:
    """Smooth one solved face, unless `live` has calmed its landmarks already."""
    if settings.mode == "best":
        geometry = smooth_without_lag(geometry, take.time_s, settings=settings, shot=take.shot)
    geometry, is_filled = fill_gaps(
        geometry, take.time_s, max_gap_s=settings.fill_gap_s, shot=take.shot
    )
    is_new = np.isfinite(geometry.head_m[:, 0, 0]) if settings.mode == "best" else is_filled
    if is_new.any():
        points = points.copy()
        points[is_new] = image_from_geometry(geometry, is_wanted=is_new)
    return Performance(
        footage=take.footage,
        time_s=take.time_s,
        track=track,
        landmarks_smooth_px=points,
        geometry=geometry,
        topology=canonical_face_of(points.shape[1]).topology,
        is_filled=is_filled,
        face_index=face_index,
        n_faces=len(take.faces),
    )
