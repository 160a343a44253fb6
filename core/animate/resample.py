"""Samples at the container's times → one sample a scene frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import BoolArray, Float64Array, FloatArray, check_shape
from ..errors import DegenerateError, RangeError

# Times that miss a scene frame by less than this share of a frame meet it: rounding.
_SAME_FRAME = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class UniformSamples:
    """Values at the scene frames first_frame, first_frame + 1, ….

    `values` (n_scene_frames, …), finite; `is_seen` (n_scene_frames,): False where the value is
    held, because the face was lost.
    """

    first_frame: int
    values: FloatArray
    is_seen: BoolArray


def resample_uniform(values: FloatArray, time_s: Float64Array, *, rate_hz: float) -> UniformSamples:
    """Sample values at the integer scene frames; scene frame = time × rate.

    Parameters
    ----------
    values : shape (n_frames, …), any unit that may be interpolated; lost frames have a NaN
    time_s : shape (n_frames,), seconds, never falling; of equal times the last one counts
    rate_hz : the scene's frames a second

    Returns
    -------
    UniformSamples
        From the scene frame nearest to the first time to the one nearest to the last, of the dtype
        of `values`. Linear between two seen samples. From a lost sample on, and on the way to it,
        the last seen value is held; before the first seen one, that.

    Raises
    ------
    ShapeError, RangeError, DegenerateError
        Lengths differ; times fall or the rate is not positive; no frame is seen.
    """
    check_shape("time_s", time_s, (len(values),))
    if not rate_hz > 0 or not (np.diff(time_s) >= 0).all():
        raise RangeError(f"time_s must not fall and rate_hz be above 0, got a rate of {rate_hz:g}")
    is_seen = np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if not is_seen.any():
        raise DegenerateError("values must have at least one frame with a face, got none")

    sample_frames = time_s * rate_hz
    first, last = round(float(sample_frames[0])), round(float(sample_frames[-1]))
    places = np.interp(
        np.arange(first, last + 1), sample_frames, np.arange(len(values), dtype=np.float64)
    )
    nearest = places.round()
    places = np.where(np.abs(places - nearest) < _SAME_FRAME, nearest, places)
    before = np.floor(places).astype(np.int64)
    after = np.ceil(places).astype(np.int64)
    # Never toward or out of a lost sample: what is shown is the last that was seen.
    share = np.where(is_seen[before] & is_seen[after], places - before, 0.0)
    first_seen = int(np.argmax(is_seen))
    held = np.maximum.accumulate(np.where(is_seen, np.arange(len(values)), first_seen))
    after = np.where(share > 0, after, before)
    share = share.reshape(-1, *(1,) * (values.ndim - 1)).astype(values.dtype)
    resampled = values[held[before]] * (1 - share) + values[held[after]] * share
    return UniformSamples(first, resampled, is_seen[nearest.astype(np.int64)])
