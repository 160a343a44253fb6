"""Take → solved faces; computed again at will, the footage itself is not needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..errors import ArgumentError, TakeError
from ..geometry import image_from_geometry, load_canonical_face, solve_geometry
from ..landmarks import engine_spec
from ..records import FaceGeometry, FaceTrack, Performance, Take
from ..settings import WHOLE, SmoothSettings, Span
from ..smooth import fill_gaps, smooth_causally, smooth_without_lag

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
) -> list[Performance]:
    """Smooth and solve every face of a take that was seen at all.

    Parameters
    ----------
    take : raw samples
    settings : how to smooth, which gaps to fill
    span : what is wanted of it; the rest still helps to smooth
    geometries : `raw_geometries` of the take, where somebody kept them: it is a good part of the
        work, and the same however the take is smoothed

    Returns
    -------
    list of Performance
        In the order of the take's faces.

    Raises
    ------
    TakeError
        Another Mien captured it, with an engine that this one lacks.
    ArgumentError
        The span holds no frame of the take.
    """
    try:
        engine_spec(take.provenance.engine)
    except ArgumentError as error:
        raise TakeError(
            f"Take '{take.folder}' was captured with engine '{take.provenance.engine}', which this "
            "Mien does not have. Update Mien, or capture again."
        ) from error
    performances = [
        _solve_face(
            take,
            track,
            face_index=face_index,
            settings=settings,
            geometry=(geometries or {}).get(face_index),
        )
        for face_index, track in enumerate(take.faces)
        if track.presence.any()
    ]
    return performances if span == WHOLE else [_cut(one, span) for one in performances]


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


def raw_geometries(take: Take) -> dict[int, FaceGeometry]:
    """Solve every face of a take that was seen at all, as it was captured."""
    return {
        face_index: solve_geometry(
            track.landmarks_px,
            size=take.footage.size,
            canonical=load_canonical_face(track.landmarks_px.shape[1]),
        )
        for face_index, track in enumerate(take.faces)
        if track.presence.any()
    }


def _solve_face(
    take: Take,
    track: FaceTrack,
    *,
    face_index: int,
    settings: SmoothSettings,
    geometry: FaceGeometry | None,
) -> Performance:
    """Smooth and solve one face: `live` calms landmarks as they come, `best` the solved face."""
    points = track.landmarks_px
    # By its own number of landmarks: what an engine's name stands for may change.
    canonical = load_canonical_face(points.shape[1])
    if settings.mode == "live":
        points = smooth_causally(points, take.time_s, settings=settings, shot=take.shot)
        geometry = None
    if geometry is None:
        geometry = solve_geometry(points, size=take.footage.size, canonical=canonical)
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
        topology=canonical.topology,
        is_filled=is_filled,
        face_index=face_index,
        n_faces=len(take.faces),
    )
