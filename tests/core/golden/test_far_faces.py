"""A face far from the camera, captured end to end."""

import cv2
import numpy as np
import pytest

from mien.core.errors import NoFace
from mien.core.pipeline import CapturePlan, capture
from mien.core.settings import DetectSettings

pytestmark = pytest.mark.weights

N_FRAMES = 6
SCALE = 0.8
"""Makes the portrait's face 77 pixels wide, six hundredths of the frame."""


def _write_clip(path, frames):
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"FFV1"), 25.0, (width, height))
    for image in frames:
        writer.write(np.ascontiguousarray(image[..., ::-1]))
    writer.release()
    return path


@pytest.fixture(scope="module")
def clips(astronaut, tmp_path_factory):
    """Return a portrait, and the same small in a wide frame, where it moves to the right."""
    folder = tmp_path_factory.mktemp("clips")
    small = cv2.resize(astronaut, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_AREA)
    far = []
    for index in range(N_FRAMES):
        image = np.full((720, 1280, 3), 110, np.uint8)
        x = 700 + 4 * index
        image[300 : 300 + small.shape[0], x : x + small.shape[1]] = small
        far.append(image)
    near = _write_clip(folder / "near.avi", [astronaut] * 2)
    return near, _write_clip(folder / "far.avi", far)


def _capture(clip, folder, kind):
    return capture(
        CapturePlan(
            footage=str(clip),
            take_folder=folder,
            quality="live",
            detect=DetectSettings(range=kind),
        )
    )


def test_the_short_range_sees_no_face_so_far_away(clips, tmp_path):
    with pytest.raises(NoFace, match="at most five metres"):
        _capture(clips[1], tmp_path / "take", "short")


@pytest.mark.parametrize("kind", ["auto", "full"])
def test_the_full_range_leads_to_the_landmarks_of_the_near_face(clips, tmp_path, kind):
    near = _capture(clips[0], tmp_path / "near", "auto").faces[0].landmarks_px[1]
    track = _capture(clips[1], tmp_path / "far", kind).faces[0]
    assert (track.presence > 0.9).all()
    for index, found in enumerate(track.landmarks_px):
        # Pixel centres: the middle of a shrunk pixel is not the shrunk middle.
        expected = (near[:, :2] + 0.5) * SCALE - 0.5 + [700 + 4 * index, 300]
        distance = np.linalg.norm(found[:, :2] - expected, axis=1)
        assert np.median(distance) < 1.0  # pixels of the far frame
