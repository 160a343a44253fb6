"""What is shown of footage before it is captured."""

import cv2
import numpy as np
import pytest

from mien.core.errors import CannotOpen
from mien.core.settings import SourceSettings
from mien.core.source import look_at_footage


def write_images(folder, *, n_images=3, size=(90, 160)):
    """Write images that are red on their left and blue on their right half."""
    folder.mkdir()
    for number in range(n_images):
        image = np.zeros((*size, 3), np.uint8)
        image[:, : size[1] // 2, 2] = 255
        image[:, size[1] // 2 :, 0] = 255
        cv2.imwrite(str(folder / f"shot_{number:04d}.png"), image)
    return folder


def test_a_look_tells_size_rate_and_length(tmp_path):
    folder = write_images(tmp_path / "größe", n_images=12)
    look = look_at_footage(str(folder), SourceSettings(), longest_px=64)
    assert look.footage.size == (90, 160) and look.footage.n_frames == 12
    assert look.duration_s == pytest.approx(12 / look.footage.rate_hz)


def test_the_thumbnail_is_small_upright_and_in_its_colours(tmp_path):
    folder = write_images(tmp_path / "images")
    image = look_at_footage(str(folder), SourceSettings(), longest_px=64).thumbnail
    assert image.shape == (36, 64, 3)
    assert image[18, 5].tolist() == [255, 0, 0] and image[18, 60].tolist() == [0, 0, 255]


def test_small_footage_is_not_enlarged(tmp_path):
    folder = write_images(tmp_path / "images", size=(20, 30))
    look = look_at_footage(str(folder), SourceSettings(), longest_px=64)
    assert look.thumbnail.shape == (20, 30, 3)


def test_missing_footage_is_told(tmp_path):
    with pytest.raises(CannotOpen, match=r"gone\.mp4"):
        look_at_footage(str(tmp_path / "gone.mp4"), SourceSettings(), longest_px=64)
