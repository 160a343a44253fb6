"""Two made faces pass each other, one behind the other; each must keep its identity."""

import cv2
import numpy as np
import pytest

from mien.core.pipeline import CapturePlan, capture
from mien.core.settings import TrackSettings

pytestmark = pytest.mark.weights

N_FRAMES = 60
WIDTH, HEIGHT = 960, 400


def _portrait(astronaut: np.ndarray, *, is_tinted: bool) -> np.ndarray:
    """Return the astronaut's head, 230 px square, or a mirrored one of darker, warmer skin."""
    head = cv2.resize(astronaut[20:250, 110:340], (230, 230))
    if is_tinted:
        head = np.clip(head[:, ::-1] * np.array([0.75, 0.55, 0.4]), 0, 255).astype(np.uint8)
    return head


def _head_mask() -> np.ndarray:
    """Return an ellipse around the head with a soft edge, (230, 230, 1)."""
    mask = np.zeros((230, 230), np.float32)
    cv2.ellipse(mask, (112, 108), (78, 105), 0, 0, 360, 1.0, -1)
    return cv2.GaussianBlur(mask, (0, 0), 3)[..., None]


def _crossing_frames(astronaut):
    """Yield frames and the two heads' true centres: the tinted head passes behind."""
    front, back = _portrait(astronaut, is_tinted=False), _portrait(astronaut, is_tinted=True)
    mask = _head_mask()
    for index in range(N_FRAMES):
        share = index / (N_FRAMES - 1)
        x_front, x_back = round(60 + share * 600), round(660 - share * 600)
        image = np.full((HEIGHT, WIDTH, 3), (90, 110, 120), np.uint8)
        for head, x, y in ((back, x_back, 70), (front, x_front, 90)):
            place = image[y : y + 230, x : x + 230]
            place[:] = (mask * head + (1 - mask) * place).astype(np.uint8)
        yield image, x_front + 112.0, x_back + 112.0


@pytest.fixture(scope="module")
def crossing(astronaut, tmp_path_factory):
    folder = tmp_path_factory.mktemp("crossing")
    path = folder / "crossing.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 30.0, (WIDTH, HEIGHT))
    truth = []
    for image, x_front, x_back in _crossing_frames(astronaut):
        writer.write(np.ascontiguousarray(image[..., ::-1]))
        truth.append((x_front, x_back))
    writer.release()
    take = capture(
        CapturePlan(footage=str(path), take_folder=folder / "take", track=TrackSettings(n_faces=2))
    )
    return take, np.array(truth)


def test_each_face_keeps_its_slot_through_the_crossing(crossing):
    take, truth = crossing
    centers = np.stack([track.landmarks_px[:, :, 0].mean(axis=1) for track in take.faces])
    # Which slot is whose is decided where both are first seen, and must hold to the last frame.
    first = int(np.flatnonzero(np.isfinite(centers).all(axis=0))[0])
    assert first < 5
    front = int(np.argmin(np.abs(centers[:, first] - truth[first, 0])))
    for slot, column in ((front, 0), (1 - front, 1)):
        seen = np.isfinite(centers[slot])
        off = np.abs(centers[slot] - truth[:, column])
        assert seen[first : first + 20].all()
        assert seen[-20:].all()
        assert np.nanmax(off) < 20.0, f"slot {slot} strays in frames {np.flatnonzero(off > 20)}"


def test_the_covered_face_is_lost_and_not_invented(crossing):
    take, truth = crossing
    is_covered = np.abs(truth[:, 0] - truth[:, 1]) < 20.0
    n_present = sum((track.presence > 0).astype(int) for track in take.faces)
    assert is_covered.any()
    assert (n_present[is_covered] == 1).all()
