"""One Euro filter: a causal low-pass that calms what is still and follows what is fast."""

from __future__ import annotations

import math

import numpy as np

from ..arrays import Float32Array, Float64Array, FloatArray, IndexArray, check_shape
from ..errors import RangeError
from ..settings import SmoothSettings

MIN_SCALE = 1e-6
"""A face smaller than this is passed through (MediaPipe's min_allowed_object_scale)."""


class OneEuroFilter:
    """Filters samples one at a time, each element of an array by itself.

    A sample with a NaN is a gap: it comes back as it is, and the next sample starts afresh.

    Parameters
    ----------
    settings : `min_cutoff_hz`, `beta` and `derivative_cutoff_hz` are used
    gain : factor on beta, of a shape that fits the samples'

    References
    ----------
    G. Casiez, N. Roussel, D. Vogel, "1€ Filter: A Simple Speed-based Low-pass Filter for Noisy
    Input in Interactive Systems", CHI 2012. doi:10.1145/2207676.2208639
    """

    def __init__(self, settings: SmoothSettings, *, gain: FloatArray | float = 1.0) -> None:
        self._settings = settings
        self._beta = settings.beta * np.asarray(gain, np.float64)
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        self._time_s = math.nan
        self._raw: Float64Array | None = None
        self._calm = np.zeros(0)
        self._speed = np.zeros(0)

    def filter(self, sample: FloatArray, *, time_s: float, scale: float = 1.0) -> Float64Array:
        """Return the calm value of the next sample.

        Parameters
        ----------
        sample : any shape, but the same each time
        time_s : later than that of the sample before
        scale : what a speed is measured in, for example the face's size in the sample's unit

        Returns
        -------
        shape of the sample, float64

        Raises
        ------
        RangeError
            Time did not go on.
        """
        raw = np.array(sample, np.float64)
        if not np.isfinite(raw).all():
            self.reset()
            return raw
        if scale < MIN_SCALE:
            return raw
        if self._raw is None:
            self._calm, self._speed = raw, np.zeros_like(raw)
        else:
            self._advance(raw, self._raw, step_s=time_s - self._time_s, scale=scale)
        self._time_s, self._raw = time_s, raw
        return np.array(self._calm)

    def _advance(
        self, raw: Float64Array, previous: Float64Array, *, step_s: float, scale: float
    ) -> None:
        """Take one sample into the filter's state."""
        if not step_s > 0.0:
            raise RangeError(
                f"time_s must increase, got {self._time_s + step_s:g} after {self._time_s:g}"
            )
        settings = self._settings
        speed = (raw - previous) / (step_s * scale)
        share = _share(settings.derivative_cutoff_hz, step_s=step_s)
        self._speed = self._speed + share * (speed - self._speed)
        cutoff_hz = settings.min_cutoff_hz + self._beta * np.abs(self._speed)
        self._calm = self._calm + _share(cutoff_hz, step_s=step_s) * (raw - self._calm)


def smooth_causally(
    landmarks_px: FloatArray,
    time_s: FloatArray,
    *,
    settings: SmoothSettings,
    shot: IndexArray | None = None,
    quickness: FloatArray | None = None,
) -> Float32Array:
    """Calm landmarks in one pass, as they would be in front of a live camera.

    Parameters
    ----------
    landmarks_px : shape (n_frames, n_landmarks, 3), pixels, image space, NaN where lost
    time_s : shape (n_frames,), increasing
    shot : shape (n_frames,), shots by number: the filter starts afresh at a cut; None: one shot
    quickness : shape (n_landmarks,), factor on beta, see `quickness_around`; None: 1 everywhere

    Returns
    -------
    shape (n_frames, n_landmarks, 3), float32, NaN where lost
        Each run of frames is filtered by itself. Speeds are measured in face sizes a second, so
        that the same settings suit faces near and far.
    """
    check_shape("landmarks_px", landmarks_px, ("n_frames", "n_landmarks", 3))
    check_shape("time_s", time_s, (len(landmarks_px),))
    gain = np.ones(landmarks_px.shape[1]) if quickness is None else quickness
    check_shape("quickness", gain, (landmarks_px.shape[1],))
    one_euro = OneEuroFilter(settings, gain=gain[:, None])
    calm = np.zeros(landmarks_px.shape, np.float32)
    sizes = face_sizes(landmarks_px)
    for frame, points in enumerate(landmarks_px):
        if shot is not None and frame and shot[frame] != shot[frame - 1]:
            one_euro.reset()
        calm[frame] = one_euro.filter(
            points, time_s=float(time_s[frame]), scale=float(sizes[frame])
        )
    return calm


def face_sizes(landmarks: FloatArray) -> Float64Array:
    """Return the mean of width and height of each frame's landmarks.

    Parameters
    ----------
    landmarks : shape (n_frames, n_landmarks, 2 or 3)

    Returns
    -------
    shape (n_frames,), float64, in the landmarks' unit; NaN where lost
    """
    return np.asarray(np.ptp(landmarks[..., :2], axis=1).mean(-1), np.float64)


def _share(cutoff_hz: float | Float64Array, *, step_s: float) -> Float64Array:
    """Return the share that a new sample has in a low-pass of this cutoff (α of the paper)."""
    turn = 2.0 * math.pi * step_s * np.asarray(cutoff_hz, np.float64)
    return np.asarray(turn / (1.0 + turn), np.float64)
