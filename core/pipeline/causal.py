"""The `live` smoothing of a track: each landmark as quick as its place in the face."""

from __future__ import annotations

from ..arrays import Float32Array, FloatArray, IndexArray
from ..geometry import canonical_face_of
from ..settings import SmoothSettings
from ..smooth import quickness_around, smooth_causally
from .firm_points import quick_points


def calm_causally(
    landmarks_px: FloatArray, time_s: FloatArray, *, settings: SmoothSettings, shot: IndexArray
) -> Float32Array:
    """Calm the landmarks of one face in one pass; see `smooth_causally`.

    Parameters
    ----------
    landmarks_px : shape (n_frames, n_landmarks, 3), pixels, image space, NaN where lost
    time_s, shot : shape (n_frames,)
    """
    n_landmarks = landmarks_px.shape[1]
    quickness = quickness_around(
        canonical_face_of(n_landmarks).topology.neutral_m,
        quick_points(n_landmarks),
        gain=settings.quick_gain,
    )
    return smooth_causally(landmarks_px, time_s, settings=settings, shot=shot, quickness=quickness)
