import math

import numpy as np
import pytest

from mien.core.errors import ShapeError
from mien.core.records import FaceBox, Region
from mien.core.track import (
    crop_from_image,
    image_from_crop,
    region_from_array,
    region_from_box,
    region_from_landmarks,
    region_overlap,
)


def _ramp_image(height: int = 240, width: int = 320) -> np.ndarray:
    """Return an image whose red is x / 2 and whose green is y: a pixel tells where it lies."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x / 2.0, y, np.zeros_like(x)], axis=-1).round().astype(np.uint8)


@pytest.mark.parametrize("rotation", [0.0, 0.4, -1.2, 3.0])
def test_a_crops_pixel_shows_what_lies_where_the_pixel_is_laid_back(rotation):
    region = Region(x_px=150.0, y_px=110.0, size_px=90.0, rotation_rad=rotation)
    crop = crop_from_image(_ramp_image(), region, size=64)
    pixels = np.array([[10, 20, 0], [32, 32, 0], [50, 7, 0]], np.float32)
    laid_back = image_from_crop(pixels, region, size=64)
    for (column, row, _), (x, y, _) in zip(pixels.astype(int), laid_back, strict=True):
        red, green, _ = crop[row, column].astype(float)
        assert abs(red * 2.0 - x) < 1.6
        assert abs(green - y) < 1.1


@pytest.mark.parametrize(
    "region",
    [
        Region(x_px=150.0, y_px=110.0, size_px=90.0, rotation_rad=0.4),
        Region(x_px=5.0, y_px=230.0, size_px=180.0, rotation_rad=-2.0),
        Region(x_px=160.0, y_px=120.0, size_px=900.0, rotation_rad=0.1),
        Region(x_px=-500.0, y_px=900.0, size_px=40.0, rotation_rad=0.0),
    ],
)
def test_a_crop_is_what_opencv_cuts_out_of_the_whole_image(region):
    import cv2

    image = np.random.default_rng(1).integers(0, 256, (240, 320, 3)).astype(np.uint8)
    corners = image_from_crop(np.float32([[0, 0, 0], [64, 0, 0], [0, 64, 0]]), region, size=64)
    matrix = cv2.getAffineTransform(
        np.float32([[0, 0], [64, 0], [0, 64]]), np.ascontiguousarray(corners[:, :2])
    )
    whole = cv2.warpAffine(
        image,
        matrix,
        (64, 64),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    off = np.abs(crop_from_image(image, region, size=64).astype(int) - whole)
    # OpenCV rounds places to 1/32 px: the two matrices differ by rounding, and noise is steep.
    assert np.median(off) == 0
    assert off.max() <= 16


def test_depth_is_scaled_as_x_and_y_are():
    region = Region(x_px=0.0, y_px=0.0, size_px=96.0, rotation_rad=0.0)
    points = image_from_crop(np.array([[0.0, 0.0, 10.0]], np.float32), region, size=192)
    assert points[0, 2] == pytest.approx(5.0)


def test_beyond_the_image_the_border_is_repeated():
    image = np.full((50, 50, 3), 77, np.uint8)
    region = Region(x_px=0.0, y_px=0.0, size_px=60.0, rotation_rad=0.7)
    assert (crop_from_image(image, region, size=32) == 77).all()


def test_a_head_tilted_to_its_left_shoulder_is_cut_out_upright():
    # As seen, the subject's left eye lies to the right of, and lower than, the right eye.
    box = FaceBox(
        corners_px=np.array([10, 10, 50, 40], np.float32),
        key_points_px=np.array([[20, 20], [40, 30], [0, 0], [0, 0], [0, 0], [0, 0]], np.float32),
        score=1.0,
    )
    region = region_from_box(box, scale=1.5)
    assert region.rotation_rad == pytest.approx(math.atan2(10, 20))
    assert (region.x_px, region.y_px, region.size_px) == (30.0, 25.0, 60.0)
    right_eye_in_crop = _crop_from_image_point(region, (20.0, 20.0))
    left_eye_in_crop = _crop_from_image_point(region, (40.0, 30.0))
    assert right_eye_in_crop[1] == pytest.approx(left_eye_in_crop[1])
    assert right_eye_in_crop[0] < left_eye_in_crop[0]


def _crop_from_image_point(region: Region, point: tuple[float, float]) -> np.ndarray:
    """Invert `image_from_crop` by solving for the affine map from three of its values."""
    basis = np.array([[0, 0, 0], [100, 0, 0], [0, 100, 0]], np.float32)
    laid = image_from_crop(basis, region, size=100)[:, :2].astype(np.float64)
    matrix = np.stack([laid[1] - laid[0], laid[2] - laid[0]], axis=1) / 100.0
    return np.linalg.solve(matrix, np.array(point) - laid[0])


def test_landmarks_rotated_by_an_angle_rotate_their_region_by_it():
    rng = np.random.default_rng(3)
    points = rng.uniform(-50, 50, (468, 3)).astype(np.float32)
    points[33, :2], points[263, :2] = (-30, 0), (30, 0)
    angle = 0.3
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    turned = points.copy()
    turned[:, :2] = points[:, :2] @ turn.T
    assert region_from_landmarks(points, scale=1.5).rotation_rad == pytest.approx(0.0)
    assert region_from_landmarks(turned, scale=1.5).rotation_rad == pytest.approx(angle, abs=1e-6)


def test_overlap_of_a_region_with_itself_is_one_and_far_away_is_zero():
    region = Region(10.0, 20.0, 30.0, 0.5)
    assert region_overlap(region, region) == pytest.approx(1.0)
    assert region_overlap(region, Region(100.0, 20.0, 30.0, 0.0)) == 0.0
    assert region_overlap(region, Region(25.0, 20.0, 30.0, 0.0)) == pytest.approx(1.0 / 3.0)


def test_a_region_survives_being_an_array():
    region = Region(1.5, 2.5, 3.5, -0.5)
    assert region_from_array(region.as_array()) == region


def test_a_grey_image_is_refused_by_name():
    with pytest.raises(ShapeError, match="image must have shape"):
        crop_from_image(np.zeros((5, 5), np.uint8), Region(0, 0, 1, 0), size=8)
