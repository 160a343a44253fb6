"""What the strip on the timeline shows, as plain arrays in seconds; computed once a take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...core.arrays import BoolArray, Float64Array, FloatArray, IndexArray
from ...core.records import Performance
from ...core.smooth.one_euro import face_sizes

Spans = list[tuple[float, float]]

HEIGHT_UNITS = 40.0
_LEAST_LANE_UNITS = 9.0
_SCRUB_UNITS = 23.0  # the row at the top with the frames' numbers and the playhead's label
_MARKER_UNITS = 42.0  # the row at the bottom that Blender keeps for markers
_SCROLLER_UNITS = 10.0
_CHUNK = 512
_SLOWEST_FULL = 0.5
"""Face sizes a second that fill the strip at least: the breath of a still face is no motion."""


@dataclass(frozen=True, slots=True, eq=False)
class StripData:
    """One face over time.

    `time_s`, `presence` (0 to 1), `motion` (face sizes a second, NaN where lost) have the shape
    (n,). `lost` and `filled` are (start, end) in seconds, half a frame around the samples.
    """

    time_s: Float64Array
    presence: FloatArray
    motion: Float64Array
    is_present: BoolArray
    lost: Spans
    filled: Spans
    extent_s: tuple[float, float]


def strip_data(performance: Performance) -> StripData:
    """Gather what the strip shows of a face."""
    time_s, present = performance.time_s, performance.is_present
    bounds = sample_bounds(time_s, rate_hz=performance.footage.rate_hz)
    return StripData(
        time_s=time_s,
        presence=performance.track.presence,
        motion=motion_of(performance.landmarks_smooth_px, time_s=time_s),
        is_present=present,
        lost=spans_of(~present, bounds=bounds),
        filled=spans_of(performance.is_filled & present, bounds=bounds),
        extent_s=(float(bounds[0]), float(bounds[-1])) if len(time_s) else (0.0, 0.0),
    )


def motion_of(landmarks_px: FloatArray, *, time_s: Float64Array) -> Float64Array:
    """Return how fast the points of a face move: their mean speed over its size.

    Parameters
    ----------
    landmarks_px : shape (n, n_landmarks, 2 or 3), NaN where lost
    time_s : shape (n,)

    Returns
    -------
    shape (n,), float64
        Face sizes a second, between the neighbours of a frame, so that it is neither early nor
        late; where one of them is lost, from the frame itself; 0 where both are; NaN where lost.
    """
    n = len(time_s)
    points = landmarks_px[..., :2]
    present = np.isfinite(points).all((1, 2))
    frames = np.arange(n)
    before, after = np.maximum(frames - 1, 0), np.minimum(frames + 1, n - 1)
    before = np.where(present[before], before, frames)
    after = np.where(present[after], after, frames)
    distances = np.full(n, np.nan)
    for start in range(0, n, _CHUNK):  # a long take would be copied as a whole otherwise
        part = slice(start, start + _CHUNK)
        step = points[after[part]] - points[before[part]]
        distances[part] = np.hypot(step[..., 0], step[..., 1]).mean(axis=1)
    durations = np.where(after > before, time_s[after] - time_s[before], np.inf)
    return np.asarray(distances / face_sizes(points) / durations, np.float64)


def full_motion(motions: list[Float64Array]) -> float:
    """Return the speed that fills the strip: 1, 2 or 5 times a power of ten, not exceeded."""
    finite = np.concatenate([one[np.isfinite(one)] for one in motions] or [np.zeros(0)])
    fastest = max(float(finite.max(initial=0.0)), _SLOWEST_FULL)
    power = 10.0 ** np.floor(np.log10(fastest) + 1e-9)
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= fastest - 1e-9))


def sample_bounds(time_s: Float64Array, *, rate_hz: float) -> Float64Array:
    """Return the times between samples, and half a frame around the ends: (n,) → (n + 1,)."""
    if len(time_s) == 0:
        return np.zeros(1)
    half = 0.5 / rate_hz
    between = 0.5 * (time_s[1:] + time_s[:-1])
    return np.concatenate([[time_s[0] - half], between, [time_s[-1] + half]])


def spans_of(mask: BoolArray, *, bounds: Float64Array) -> Spans:
    """Return (start, end) in seconds of the runs of True: (n,), (n + 1,) → spans."""
    edges = np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8))
    starts, ends = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    return [(float(bounds[a]), float(bounds[b])) for a, b in zip(starts, ends, strict=True)]


def band_triangles(spans: Spans) -> FloatArray:
    """Return a band of height 1 for each span as triangles, (6 k, 2)."""
    corners = [
        ((a, 0), (b, 0), (b, 1), (a, 0), (b, 1), (a, 1)) for a, b in spans
    ]  # counter-clockwise
    return np.array(corners, np.float32).reshape(-1, 2)


def segments(is_present: BoolArray) -> IndexArray:
    """Return the pairs of neighbouring samples that both have a pose, (k, 2)."""
    first = np.flatnonzero(is_present[:-1] & is_present[1:])
    return np.stack([first, first + 1], axis=1).astype(np.int32)


def area_under(
    time_s: FloatArray, values: FloatArray, is_present: BoolArray
) -> tuple[FloatArray, IndexArray]:
    """Return the area under a curve: corners (2 n, 2), and triangles (k, 3) where it is known."""
    top = np.stack([time_s, np.nan_to_num(values).clip(0.0, 1.0)], axis=1)
    foot = np.stack([time_s, np.zeros(len(time_s))], axis=1)
    pairs = segments(is_present)
    a, b, n = pairs[:, 0], pairs[:, 1], len(time_s)
    lower = np.stack([n + a, n + b, b], axis=1)
    upper = np.stack([n + a, b, a], axis=1)
    return (
        np.concatenate([top, foot]).astype(np.float32),
        np.concatenate([lower, upper]).astype(np.int32),
    )


@dataclass(frozen=True, slots=True)
class Lanes:
    """Where the strip lies: `n` lanes of `height_px`, the lowest at `bottom_px`."""

    bottom_px: float
    height_px: float
    n: int


def lanes_of(
    region_height: int, *, ui_scale: float, n_faces: int, has_markers: bool
) -> Lanes | None:
    """Share the foot of a timeline among the faces; None where there is no room.

    The markers' row is left free where the region is high enough for both.
    """
    least = _LEAST_LANE_UNITS * ui_scale
    room = region_height - (_SCRUB_UNITS + 2.0) * ui_scale
    bottom = (_MARKER_UNITS if has_markers else _SCROLLER_UNITS) * ui_scale
    if room - bottom < 2.0 * least:
        bottom = min(_SCROLLER_UNITS * ui_scale, max(room - least, 0.0))
    wanted = HEIGHT_UNITS * ui_scale * (1.0 + 0.5 * (min(n_faces, 4) - 1))
    height = min(wanted, room - bottom)
    n = min(n_faces, int(height // least))
    return Lanes(bottom, height / n, n) if n > 0 else None
