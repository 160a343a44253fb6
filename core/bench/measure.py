"""How good landmarks over time are: error, jitter, lag, and how much of a blink they keep.

Lengths are taken in the image plane and told as percentages of the inter-ocular distance, that of
the outer eye corners, so that faces of any size compare. Frames with NaN are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import BoolArray, Float64Array, FloatArray, check_shape
from ..errors import DegenerateError, ShapeError

EYE_CORNERS = (33, 263)
_LIDS = ((159, 145, 33, 133), (386, 374, 362, 263))
_INNER_LIPS = (13, 14)
_MAX_LAG = 12
_LAG_STEP = 0.05


@dataclass(frozen=True, slots=True)
class TrackingScore:
    """Landmarks compared with the truth, over a clip.

    `error_percent`: mean distance. `bias_free_error_percent`: the same after each landmark's mean
    offset, which a network's own idea of a landmark explains, was taken away. `jitter_percent`:
    see `jitter_percent`. `lag_frames`: above 0 when the landmarks come late. `blink_kept` and
    `jaw_kept`: 1 when lids and lips open as far as in truth; NaN where the truth holds still.
    `usual_jitter_percent`: see there.
    """

    n_frames: int
    n_lost: int
    error_percent: float
    bias_free_error_percent: float
    jitter_percent: float
    lag_frames: float
    blink_kept: float
    jaw_kept: float
    usual_jitter_percent: float = float("nan")


def score_tracking(points_px: FloatArray, truth_px: FloatArray) -> TrackingScore:
    """Compare landmarks with the truth.

    Parameters
    ----------
    points_px : shape (n_frames, n, 3), pixels, image space; NaN where lost
    truth_px : shape (n_frames, m, 3), the same; the first landmarks that both have are compared

    Raises
    ------
    ShapeError, DegenerateError
        The numbers of frames differ; no frame has a face.
    """
    check_shape("points_px", points_px, ("n_frames", "n_landmarks", 3))
    check_shape("truth_px", truth_px, (len(points_px), "n_landmarks", 3))
    n_common = min(points_px.shape[1], truth_px.shape[1])
    points = points_px[:, :n_common].astype(np.float64)
    truth = truth_px[:, :n_common].astype(np.float64)
    is_found = _is_finite(points) & _is_finite(truth)
    if not is_found.any():
        raise DegenerateError("points_px must have a face in at least one frame, got none")
    offsets = np.where(is_found[:, None, None], points - truth, np.nan)
    scale = 100.0 / inter_ocular_px(truth)
    steady = offsets - np.nanmean(offsets, axis=0)
    # Of speeds: a bias that changes slowly with the pose is no delay.
    speeds = [np.diff(array[..., :2].mean(axis=1), axis=0) for array in (points, truth)]
    return TrackingScore(
        n_frames=len(points),
        n_lost=int((~is_found).sum()),
        error_percent=scale * _mean_length(offsets),
        bias_free_error_percent=scale * _mean_length(steady),
        jitter_percent=jitter_percent(points, truth),
        lag_frames=lag_frames(*speeds),
        blink_kept=kept_amplitude(eye_opening(points), eye_opening(truth)),
        jaw_kept=kept_amplitude(mouth_opening(points), mouth_opening(truth)),
        usual_jitter_percent=usual_jitter_percent(points, truth),
    )


def inter_ocular_px(landmarks_px: FloatArray) -> float:
    """Return the median distance of the outer eye corners: landmarks of shape (n_frames, n, 3)."""
    across = landmarks_px[:, EYE_CORNERS[1], :2] - landmarks_px[:, EYE_CORNERS[0], :2]
    distance = float(np.nanmedian(np.linalg.norm(across.astype(np.float64), axis=-1)))
    if not distance > 0.0:
        raise DegenerateError(f"outer eye corners must be apart, got a distance of {distance:g} px")
    return distance


def jitter_percent(points_px: FloatArray, truth_px: FloatArray) -> float:
    """Measure how much landmarks shake from frame to frame, the true motion taken away.

    Parameters
    ----------
    points_px : shape (n_frames, n, 3), pixels; NaN where lost
    truth_px : the same of the truth

    Returns
    -------
    float
        Root mean square length of the second difference over time of the error, in % of the
        inter-ocular distance; NaN below three frames in a row. White noise of deviation s on both
        axes gives √12 · s.
    """
    error = points_px.astype(np.float64) - truth_px
    return 100.0 * _rms_difference(error, order=2) / inter_ocular_px(truth_px)


def usual_jitter_percent(points_px: FloatArray, truth_px: FloatArray) -> float:
    """Measure jitter as `jitter_percent` does, but in the median frame, not the mean one.

    A blink of which a network sees nine tenths, or half a frame late, is an error that comes and
    goes within frames, and so the larger part of the root mean square of calm landmarks; it is no
    shaking. In the median frame nobody blinks. White noise gives the same as `jitter_percent`.
    """
    error = points_px.astype(np.float64) - truth_px
    squares = (np.diff(error[..., :2], n=2, axis=0) ** 2).sum(axis=-1).mean(axis=-1)
    if not np.isfinite(squares).any():
        return float("nan")
    return 100.0 * float(np.sqrt(np.nanmedian(squares))) / inter_ocular_px(truth_px)


def shaking_percent(points_px: FloatArray) -> float:
    """Estimate the jitter of landmarks whose true motion is not known.

    Returns
    -------
    float
        As `jitter_percent`, but of the fourth difference, in which smooth motion all but vanishes;
        scaled so that white noise gives the same. Fast motion still counts: compare only on one
        clip.
    """
    # The squares of the binomial coefficients: 1 + 4 + 1 = 6 and 1 + 16 + 36 + 16 + 1 = 70.
    scale = float(np.sqrt(6.0 / 70.0))
    return 100.0 * scale * _rms_difference(points_px, order=4) / inter_ocular_px(points_px)


def lag_frames(measured: FloatArray, true: FloatArray) -> float:
    """Find how many frames the measured signal comes after the true one.

    Parameters
    ----------
    measured, true : shape (n_frames,) or (n_frames, n_signals); NaN is filled linearly

    Returns
    -------
    float
        The shift with the highest correlation, to a few hundredths of a frame; NaN where nothing
        moves or the clip is too short to tell.
    """
    if measured.shape != true.shape:
        raise ShapeError(f"signals must have one shape, got {measured.shape} and {true.shape}")
    found, truth = (_filled(signal.reshape(len(signal), -1)) for signal in (measured, true))
    most = min(_MAX_LAG, (len(found) - 8) // 3)
    if most < 1 or not (np.ptp(found, axis=0).any() and np.ptp(truth, axis=0).any()):
        return float("nan")
    lags = np.arange(-most, most + _LAG_STEP / 2.0, _LAG_STEP)
    scores = np.array([_correlation(found, truth, lag, margin=most + 2) for lag in lags])
    best = int(scores.argmax())
    if best in (0, len(lags) - 1):
        return float(lags[best])
    before, here, after = scores[best - 1 : best + 2]
    bend = before - 2.0 * here + after
    return float(lags[best] + (0.5 * _LAG_STEP * (before - after) / bend if bend < 0.0 else 0.0))


def kept_amplitude(measured: FloatArray, true: FloatArray) -> float:
    """Find the factor a of the best fit measured = a · true + b: shapes (n_frames,).

    Returns
    -------
    float
        1 when the whole amplitude is there; NaN where the truth does not move.
    """
    is_found = np.isfinite(measured) & np.isfinite(true)
    x, y = true[is_found].astype(np.float64), measured[is_found].astype(np.float64)
    if len(x) < 3 or np.ptp(x) <= 1e-9 * max(float(np.abs(x).max()), 1e-12):
        return float("nan")
    x = x - x.mean()
    return float(x @ (y - y.mean()) / (x @ x))


def eye_opening(landmarks_px: FloatArray) -> Float64Array:
    """Return the height of the eyes in widths of them, mean of both: (n_frames,)."""
    openings = [
        _distance(landmarks_px, upper, lower) / _distance(landmarks_px, one, other)
        for upper, lower, one, other in _LIDS
    ]
    return np.asarray(np.mean(openings, axis=0), np.float64)


def mouth_opening(landmarks_px: FloatArray) -> Float64Array:
    """Return the gap between the inner lips in inter-ocular distances: (n_frames,)."""
    return _distance(landmarks_px, *_INNER_LIPS) / _distance(landmarks_px, *EYE_CORNERS)


def _rms_difference(offsets: FloatArray, *, order: int) -> float:
    """Return the root mean square length of a difference over time; NaN where there is none."""
    difference = np.diff(offsets[..., :2].astype(np.float64), n=order, axis=0)
    squares = (difference**2).sum(axis=-1)
    return float(np.sqrt(np.nanmean(squares))) if np.isfinite(squares).any() else float("nan")


def _distance(landmarks_px: FloatArray, one: int, other: int) -> Float64Array:
    """Return the distance of two landmarks in the image plane: (n_frames,)."""
    across = landmarks_px[:, one, :2].astype(np.float64) - landmarks_px[:, other, :2]
    return np.asarray(np.linalg.norm(across, axis=-1), np.float64)


def _is_finite(points: Float64Array) -> BoolArray:
    """Return which frames have a face."""
    return np.asarray(np.isfinite(points).all(axis=(1, 2)))


def _mean_length(offsets: Float64Array) -> float:
    """Return the mean length in the image plane."""
    return float(np.nanmean(np.linalg.norm(offsets[..., :2], axis=-1)))


def _filled(signals: FloatArray) -> Float64Array:
    """Fill gaps linearly: (n_frames, n_signals)."""
    filled = signals.astype(np.float64)
    frames = np.arange(len(filled))
    for column in filled.T:
        is_known = np.isfinite(column)
        if is_known.any():
            column[:] = np.interp(frames, frames[is_known], column[is_known])
        else:
            column[:] = 0.0
    return filled


def _correlation(found: Float64Array, truth: Float64Array, lag: float, *, margin: int) -> float:
    """Correlate the middle of one signal with the other, taken earlier by the lag."""
    here = found[margin:-margin]
    places = np.arange(margin, len(found) - margin) - lag
    there = _between(truth, places)
    here, there = here - here.mean(axis=0), there - there.mean(axis=0)
    size = float(np.sqrt((here**2).sum() * (there**2).sum()))
    return float((here * there).sum()) / max(size, 1e-12)


def _between(signals: Float64Array, places: Float64Array) -> Float64Array:
    """Interpolate by the cubic through the four samples around each place: (n, n_signals)."""
    start = np.clip(np.floor(places).astype(int), 1, len(signals) - 3)
    t = (places - start)[:, None]
    weights = (
        -t * (t - 1.0) * (t - 2.0) / 6.0,
        (t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0,
        -(t + 1.0) * t * (t - 2.0) / 2.0,
        (t + 1.0) * t * (t - 1.0) / 6.0,
    )
    total = np.zeros((len(places), signals.shape[1]))
    for step, weight in enumerate(weights):
        total += weight * signals[start + step - 1]
    return total
