"""Which sample of a take belongs to a picture, and where that picture lies in a region.

Region space is in pixels, from the lower left corner of the region's lower left pixel, x right, y
up. Nothing here knows Blender.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from ...core.arrays import Float64Array, FloatArray

FrameMethod = Literal["STRETCH", "FIT", "CROP"]
"""How a picture of another shape lies in a camera's frame: filling it, within it, covering it."""

_HALF = 0.5 + 1e-6  # a container's clock is rounded to microseconds


def sample_at(
    time_s: Float64Array, *, second: float, rate_hz: float, footage_rate_hz: float
) -> int | None:
    """Find the sample that is shown at a time; of two that are equally near, the earlier one.

    Parameters
    ----------
    time_s : shape (n,), ascending
    second : the time, in seconds of the footage
    rate_hz : frames a second of what is looked at
    footage_rate_hz : the nominal rate of the samples

    Returns
    -------
    int or None
        None before the first and after the last sample, by more than half a frame of either rate.
    """
    if len(time_s) == 0:
        return None
    after = int(np.searchsorted(time_s, second))
    before = max(after - 1, 0)
    after = min(after, len(time_s) - 1)
    # The clock's rounding must not decide between two neighbours.
    is_after = (time_s[after] - second) < (second - time_s[before]) - 1e-6
    nearest = after if is_after else before
    is_inside = time_s[0] <= second <= time_s[-1]
    if is_inside or abs(time_s[nearest] - second) <= _HALF / min(rate_hz, footage_rate_hz):
        return nearest
    return None


def corners_in_region(
    points: FloatArray, *, clip_from_camera: FloatArray, region_size: tuple[int, int]
) -> Float64Array:
    """Project points in front of a camera as the view through it does.

    Parameters
    ----------
    points : shape (n, 3), camera space
    clip_from_camera : shape (4, 4), the region's projection, zoom and offset of its view included
    region_size : (height, width), pixels

    Returns
    -------
    shape (n, 2), float64, region space
    """
    points = np.asarray(points, np.float64)
    clip = np.c_[points, np.ones(len(points))] @ np.asarray(clip_from_camera, np.float64).T
    height, width = region_size
    return np.asarray((clip[:, :2] / clip[:, 3:] * 0.5 + 0.5) * (width, height), np.float64)


def picture_in_frame(
    frame_px: FloatArray, *, size: tuple[int, int], method: FrameMethod = "FIT"
) -> Float64Array:
    """Place a picture in the middle of a camera's frame.

    Parameters
    ----------
    frame_px : shape (2, 2), the frame's lower left and upper right corner, region space
    size : of the picture, (height, width) in pixels
    method : what happens where the shapes differ

    Returns
    -------
    shape (2, 2), float64
        The picture's lower left and upper right corner, region space.
    """
    frame = np.asarray(frame_px, np.float64)
    if method == "STRETCH":
        return frame
    extent = frame[1] - frame[0]
    height, width = size
    scales = extent / (width, height)
    scale = scales.min() if method == "FIT" else scales.max()
    half = 0.5 * scale * np.array([width, height])
    middle = frame.mean(axis=0)
    return np.stack([middle - half, middle + half])


def picture_in_view(view_corners: FloatArray, *, region_size: tuple[int, int]) -> Float64Array:
    """Place a picture that an image or clip editor shows.

    Parameters
    ----------
    view_corners : shape (2, 2), what lies under the region's lower left and upper right corner, in
        shares of the picture, from its lower left corner
    region_size : (height, width), pixels

    Returns
    -------
    shape (2, 2), float64
        The picture's lower left and upper right corner, region space.
    """
    low, high = np.asarray(view_corners, np.float64)
    scale = np.array(region_size[::-1]) / (high - low)
    return np.stack([-low * scale, (1.0 - low) * scale])


def region_from_image(picture_px: FloatArray, *, size: tuple[int, int]) -> Float64Array:
    """Return the affine matrix that lays image space on a picture in a region.

    Parameters
    ----------
    picture_px : shape (2, 2), the picture's lower left and upper right corner, region space
    size : of the picture, (height, width) in its own pixels

    Returns
    -------
    shape (3, 3), float64
    """
    (left, bottom), (right, top) = np.asarray(picture_px, np.float64)
    height, width = size
    x, y = (right - left) / width, (top - bottom) / height
    # Image space starts at the centre of the first pixel, half a pixel inside of the picture.
    return np.array([[x, 0.0, left + 0.5 * x], [0.0, -y, top - 0.5 * y], [0.0, 0.0, 1.0]])


def line_through(low: float, high: float, *, width: int) -> tuple[float, float]:
    """Return (start, pixels a unit) of an axis that has `low` at 0 px and `high` at `width` px."""
    scale = width / (high - low)
    return -low * scale, scale
