"""A crop from what was kept of a frame shows what a crop of the frame shows."""

import cv2
import numpy as np
import pytest

from mien.core.records import Region
from mien.core.track import crop_from_image, crop_from_patch, patch_from_image

SIZE = 192


def smooth_picture(height=720, width=1280):
    """A picture without detail finer than a crop's pixels, so that averaging changes little."""
    coarse = np.random.default_rng(3).integers(0, 255, (height // 40, width // 40, 3), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize(
    "region",
    [
        Region(640, 360, 600, 0.0),
        Region(640.3, 359.2, 433, 0.3),
        Region(500, 300, 150, -0.4),
        Region(60, 40, 500, 0.2),
        Region(1270, 715, 300, 3.0),
        Region(-500, -300, 100, 0.0),
    ],
)
def test_a_crop_from_a_patch_is_the_crop_from_the_frame(region):
    image = smooth_picture()
    patch = patch_from_image(image, [region], size=SIZE)
    for near in (region, Region(region.x_px + 0.05 * region.size_px, region.y_px, *_rest(region))):
        assert patch.holds(near)
        wanted = crop_from_image(image, near, size=SIZE).astype(int)
        found = crop_from_patch(patch, near, size=SIZE).astype(int)
        assert np.abs(found - wanted).mean() < 1.0
        # Half a pixel off would show: the same pictures, shifted by as much, differ by more.
        shifted = crop_from_image(
            image, Region(near.x_px + near.size_px / SIZE / 2, near.y_px, *_rest(near)), size=SIZE
        )
        if wanted.std(axis=(0, 1)).max() > 5:
            assert np.abs(found - wanted).mean() < 0.4 * np.abs(shifted - wanted).mean()


def _rest(region):
    return region.size_px, region.rotation_rad


def test_noise_is_averaged_where_the_frame_has_pixels_to_spare():
    noise = np.random.default_rng(0).normal(128, 20, (720, 1280, 3)).astype(np.uint8)
    region = Region(640, 360, 600, 0.1)
    patch = patch_from_image(noise, [region], size=SIZE)
    assert max(patch.image.shape) < 2.4 * SIZE
    assert crop_from_patch(patch, region, size=SIZE).std() < 8.0
    assert crop_from_image(noise, region, size=SIZE).std() > 11.0


def test_a_patch_knows_what_it_does_not_hold():
    image = smooth_picture()
    patch = patch_from_image(
        image, [Region(300, 300, 200, 0.0), Region(420, 300, 200, 0.0)], size=SIZE
    )
    assert patch.holds(Region(360, 310, 240, 0.05))
    assert not patch.holds(Region(600, 300, 200, 0.0))
    assert not patch.holds(Region(360, 300, 500, 0.0))


def test_the_order_of_the_channels_in_memory_makes_no_difference():
    rgb = smooth_picture()
    reversed_view = np.ascontiguousarray(rgb[..., ::-1])[..., ::-1]
    region = Region(640.3, 359.2, 433, 0.3)
    np.testing.assert_array_equal(
        crop_from_image(reversed_view, region, size=SIZE), crop_from_image(rgb, region, size=SIZE)
    )
    one, other = (patch_from_image(image, [region], size=SIZE) for image in (rgb, reversed_view))
    np.testing.assert_array_equal(one.image, other.image)


@pytest.mark.parametrize("size", [(1, 1), (2, 3)])
def test_a_frame_of_one_pixel_can_be_kept(size):
    image = np.full((*size, 3), 7, np.uint8)
    patch = patch_from_image(image, [Region(0, 0, 500, 0.3)], size=SIZE)
    assert (crop_from_patch(patch, Region(0, 0, 500, 0.3), size=SIZE) == 7).all()
