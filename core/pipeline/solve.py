"""Take → solved faces; computed again at will, the footage itself is not needed."""

from __future__ import annotations

import numpy as np

from ..errors import ArgumentError, TakeError
from ..geometry import image_from_geometry, load_canonical_face, solve_geometry
from ..landmarks import engine_spec
from ..records import FaceTrack, Performance, Take
from ..settings import SmoothSettings
from ..smooth import fill_gaps, smooth_causally, smooth_without_lag


def solve(take: Take, settings: SmoothSettings) -> list[Performance]:
    """Smooth and solve every face of a take that was seen at all.

    Parameters
    ----------
    take : raw samples
    settings : how to smooth, which gaps to fill

    Returns
    -------
    list of Performance
        In the order of the take's faces.

    Raises
    ------
    TakeError
        Another Mien captured it, with an engine that this one lacks.
    """
    try:
        engine_spec(take.provenance.engine)
    except ArgumentError as error:
        raise TakeError(
            f"Take '{take.folder}' was captured with engine '{take.provenance.engine}', which this "
            "Mien does not have. Update Mien, or capture again."
        ) from error
    return [
        _solve_face(take, track, face_index=face_index, settings=settings)
        for face_index, track in enumerate(take.faces)
        if track.presence.any()
    ]


def _solve_face(
    take: Take, track: FaceTrack, *, face_index: int, settings: SmoothSettings
) -> Performance:
    """Smooth and solve one face: `live` calms landmarks as they come, `best` the solved face."""
    points = track.landmarks_px
    # By its own number of landmarks: what an engine's name stands for may change.
    canonical = load_canonical_face(points.shape[1])
    if settings.mode == "live":
        points = smooth_causally(points, take.time_s, settings=settings)
    geometry = solve_geometry(points, size=take.footage.size, canonical=canonical)
    if settings.mode == "best":
        geometry = smooth_without_lag(geometry, take.time_s, settings=settings)
    geometry, is_filled = fill_gaps(geometry, take.time_s, max_gap_s=settings.fill_gap_s)
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
