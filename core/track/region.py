"""The rotated square around a face: where it lies, cutting it out, and laying points back.

Numbers follow MediaPipe 0.10.21's graph face_landmark_front (Apache-2.0).
"""

from __future__ import annotations

import math

import numpy as np

from ..arrays import Float32Array, Float64Array, FloatArray, ImageArray, as_stored, check_shape
from ..records import FaceBox, Region

# Outer eye corners of the FaceMesh topology: the subject's right eye, then the left.
RIGHT_EYE_CORNER, LEFT_EYE_CORNER = 33, 263


def region_from_box(box: FaceBox, *, scale: float) -> Region:
    """Return the upright-head region of a detection, `scale` times the box's larger side."""
    x0, y0, x1, y1 = (float(value) for value in box.corners_px)
    right_eye, left_eye = box.key_points_px[0], box.key_points_px[1]
    return Region(
        x_px=(x0 + x1) / 2.0,
        y_px=(y0 + y1) / 2.0,
        size_px=scale * max(x1 - x0, y1 - y0),
        rotation_rad=_rotation(right_eye, left_eye),
    )


def region_from_landmarks(points_px: FloatArray, *, scale: float) -> Region:
    """Return the region that follows a face.

    Parameters
    ----------
    points_px : shape (n_landmarks, 3) or (n_landmarks, 2), image space, FaceMesh topology
    scale : size of the region over the larger side of the landmarks' bounding box
    """
    low, high = points_px[:, :2].min(axis=0), points_px[:, :2].max(axis=0)
    return Region(
        x_px=float(low[0] + high[0]) / 2.0,
        y_px=float(low[1] + high[1]) / 2.0,
        size_px=scale * float((high - low).max()),
        rotation_rad=_rotation(points_px[RIGHT_EYE_CORNER], points_px[LEFT_EYE_CORNER]),
    )


def region_around(points_px: FloatArray, *, scale: float, rotation_rad: float) -> Region:
    """Return the region around points, turned, to the precision of a take.

    Parameters
    ----------
    points_px : shape (n, 3) or (n, 2), image space
    scale : size of the region over the larger side of the points' box in the turned region
    rotation_rad : of the region
    """
    flat = points_px[:, :2].astype(np.float64)
    cos, sin = math.cos(rotation_rad), math.sin(rotation_rad)
    image_from_turned = np.array([[cos, -sin], [sin, cos]])
    turned = flat @ image_from_turned
    low, high = turned.min(axis=0), turned.max(axis=0)
    x_px, y_px = image_from_turned @ ((low + high) / 2.0)
    size_px = scale * float((high - low).max())
    return region_from_array(Region(float(x_px), float(y_px), size_px, rotation_rad).as_array())


def region_from_array(values: FloatArray) -> Region:
    """Read what `Region.as_array` wrote."""
    return Region(*(float(value) for value in values))


def crop_from_image(image: ImageArray, region: Region, *, size: int) -> ImageArray:
    """Cut a region out of an image, upright; beyond the image its border is repeated.

    Parameters
    ----------
    image : shape (height, width, 3), RGB
    region : where
    size : pixels a side of the crop

    Returns
    -------
    shape (size, size, 3), uint8, RGB
    """
    check_shape("image", image, ("height", "width", 3))
    return warped_crop(image, image_from_crop_matrix(region, size=size), size=size)


def image_from_crop_matrix(region: Region, *, size: int) -> Float64Array:
    """Return the map from a crop of `size` pixels a side to the image, shape (2, 3)."""
    step = region.size_px / size
    cos, sin = step * math.cos(region.rotation_rad), step * math.sin(region.rotation_rad)
    half = size / 2.0
    return np.array(
        [
            [cos, -sin, region.x_px - half * (cos - sin)],
            [sin, cos, region.y_px - half * (sin + cos)],
        ]
    )


def warped_crop(image: ImageArray, image_from_crop_px: Float64Array, *, size: int) -> ImageArray:
    """Sample an image under an affine map of shape (2, 3); see `crop_from_image`."""
    import cv2

    stored, is_reversed = as_stored(image)
    rows, columns = _window(image_from_crop_px, size=size, image_size=image.shape[:2])
    image_from_crop_px = image_from_crop_px - [[0.0, 0.0, columns.start], [0.0, 0.0, rows.start]]
    result = cv2.warpAffine(
        # Copied first: rows read in order come from memory faster than the warp asks for them.
        np.ascontiguousarray(stored[rows, columns]),
        image_from_crop_px,
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if is_reversed:
        result = cv2.cvtColor(result, cv2.COLOR_BGR2RGB)
    return np.asarray(result, np.uint8)


def image_from_crop(points_px: FloatArray, region: Region, *, size: int) -> Float32Array:
    """Lay points of a crop back onto the image.

    Parameters
    ----------
    points_px : shape (n, 3), crop space
    region : what was cropped
    size : pixels a side of the crop

    Returns
    -------
    shape (n, 3), float32, image space; depth is scaled as x and y are
    """
    check_shape("points_px", points_px, ("n", 3))
    scaled = points_px.astype(np.float64) * (region.size_px / size)
    u, v = scaled[:, 0] - region.size_px / 2.0, scaled[:, 1] - region.size_px / 2.0
    cos, sin = math.cos(region.rotation_rad), math.sin(region.rotation_rad)
    x = region.x_px + u * cos - v * sin
    y = region.y_px + u * sin + v * cos
    return np.asarray(np.stack([x, y, scaled[:, 2]], axis=1), np.float32)


def region_overlap(a: Region, b: Region) -> float:
    """Return intersection over union of two regions, their rotation left aside."""
    width = _shared(a.x_px, a.size_px, b.x_px, b.size_px)
    height = _shared(a.y_px, a.size_px, b.y_px, b.size_px)
    union = a.size_px**2 + b.size_px**2 - width * height
    return width * height / union if union > 0.0 else 0.0


def _window(
    image_from_crop_px: FloatArray, *, size: int, image_size: tuple[int, ...]
) -> tuple[slice, slice]:
    """Return the rows and columns of an image that a crop is made from, at least one of each."""
    reach = []
    for (along, across, start), length in zip(
        image_from_crop_px.tolist(), image_size[::-1], strict=True
    ):
        ends = [start + i * along + j * across for i in (0, size) for j in (0, size)]
        # Bilinear: two more pixels than the corners reach; the first and last kept are repeated.
        low = min(max(math.floor(min(ends)) - 2, 0), length - 1)
        high = min(max(math.ceil(max(ends)) + 2, 0), length - 1)
        reach.append(slice(low, high + 1))
    return reach[1], reach[0]


def _shared(center_a: float, size_a: float, center_b: float, size_b: float) -> float:
    """Return the length that two intervals share."""
    low = max(center_a - size_a / 2.0, center_b - size_b / 2.0)
    high = min(center_a + size_a / 2.0, center_b + size_b / 2.0)
    return max(0.0, high - low)


def _rotation(right_eye: FloatArray, left_eye: FloatArray) -> float:
    """Return the angle of the line through the eyes, clockwise as seen, in −π … π."""
    return math.atan2(float(left_eye[1] - right_eye[1]), float(left_eye[0] - right_eye[0]))
