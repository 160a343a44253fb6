"""The best frames of a face are kept, and nothing else."""

import time

import numpy as np
import pytest

from mien.core.geometry import load_canonical_face
from mien.core.records import Frame, Landmarks, Region
from mien.core.track import StillPicker

SIZE = (480, 640)
REGION = Region(320.0, 240.0, 300.0, 0.0)
EYES_UPPER = [246, 161, 160, 159, 158, 157, 173, 466, 388, 387, 386, 385, 384, 398]
EYES_LOWER = [7, 163, 144, 145, 153, 154, 155, 249, 390, 373, 374, 380, 381, 382]


def face(*, yaw_rad=0.0, centre=(320.0, 240.0), scale=1500.0, eyes_open=1.0):
    """Landmarks of the canonical face, orthographic: head space's y and z are the image's minus."""
    points = load_canonical_face().topology.neutral_m.astype(np.float64)
    meeting = (points[EYES_UPPER] + points[EYES_LOWER]) / 2
    for lid in (EYES_UPPER, EYES_LOWER):
        points[lid] = meeting + eyes_open * (points[lid] - meeting)
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    points = points @ np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]).T
    image = points * [scale, -scale, -scale] + [*centre, 0.0]
    return Landmarks(image.astype(np.float32), presence=0.99, region=REGION)


@pytest.fixture(scope="module")
def sharp():
    rng = np.random.default_rng(1)
    return np.kron(rng.integers(40, 216, (120, 160, 3)), np.ones((4, 4, 1))).astype(np.uint8)


@pytest.fixture(scope="module")
def blurred(sharp):
    import cv2

    return cv2.GaussianBlur(sharp, (0, 0), 8.0)


def kept_indices(picker):
    return {still.frame_index for still in picker.stills()}


def offer(picker, index, image, landmarks, *, face_index=0):
    picker.offer(Frame(index, index / 30, image), landmarks, face_index=face_index)


def worse_faces():
    return {
        "turned": face(yaw_rad=0.6),
        "small": face(scale=500.0),
        "cut by the border": face(centre=(30.0, 240.0)),
        "closed eyes": face(eyes_open=0.0),
    }


@pytest.mark.parametrize("flaw", worse_faces())
def test_a_flawed_face_loses_against_a_good_one(sharp, flaw):
    for order in ((0, 100), (100, 0)):
        picker = StillPicker(n_kept=1)
        for index in sorted(order):
            offer(picker, index, sharp, face() if index == order[0] else worse_faces()[flaw])
        assert kept_indices(picker) == {order[0]}


def test_a_blurred_picture_loses_against_a_sharp_one(sharp, blurred):
    for images in ((sharp, blurred), (blurred, sharp)):
        picker = StillPicker(n_kept=1)
        for index, image in enumerate(images):
            offer(picker, 100 * index, image, face())
        assert kept_indices(picker) == {0 if images[0] is sharp else 100}


def test_a_point_of_the_face_is_found_in_the_still():
    image = np.zeros((1600, 2400, 3), np.uint8)
    landmarks = face(centre=(1201.0, 803.0), scale=7500.0)
    rows, columns = np.mgrid[:1600, :2400]
    image[..., 0], image[..., 1] = columns * 255 / 2399, rows * 255 / 1599
    picker = StillPicker()
    offer(picker, 0, image, landmarks)
    (still,) = picker.stills()
    assert still.image.shape[1] <= 1024 and still.scale < 1.0
    for x, y in landmarks.points_px[[1, 33, 263, 152], :2]:
        column, row = round((x - still.x_px) * still.scale), round((y - still.y_px) * still.scale)
        red, green, _ = still.image[row, column]
        assert red / 255 * 2399 == pytest.approx(x, abs=12)
        assert green / 255 * 1599 == pytest.approx(y, abs=12)


def test_the_first_pixel_of_a_still_lies_where_the_still_says():
    import cv2

    image = np.zeros((900, 1500, 3), np.uint8)
    image[..., 1] = 80 * (np.arange(1500) // 20 % 2)
    ramp = np.tile(np.arange(1500, dtype=np.float32) / 8, (900, 1))
    image[..., 0] = ramp
    picker = StillPicker()
    offer(picker, 0, image, face(centre=(750.0, 450.0), scale=11000.0))
    (still,) = picker.stills()
    columns = np.arange(8, still.image.shape[1] - 8)
    x = (columns / still.scale + still.x_px).astype(np.float32)
    expected = cv2.remap(ramp, x[None], np.full_like(x[None], 450.0), cv2.INTER_LINEAR)[0]
    # The ramp was floored, eight pixels to a level: 7/16 of a level less on average.
    assert np.mean(expected - still.image[200, columns, 0]) == pytest.approx(7 / 16, abs=0.02)


def test_stills_are_spread_over_time_and_limited_in_number(sharp):
    picker = StillPicker(n_kept=5)
    for index in range(300):
        offer(picker, index, sharp, face(yaw_rad=0.3 * np.cos(index / 20)))
    indices = sorted(kept_indices(picker))
    assert 3 <= len(indices) <= 5
    assert min(np.diff(indices)) >= 300 / (1.5 * 5) - 1


def test_a_clip_of_a_second_gives_stills_of_several_views(sharp):
    picker = StillPicker()
    for index in range(24):
        offer(picker, index, sharp, face(yaw_rad=-0.8 + index / 15))
    assert len(kept_indices(picker)) >= 3


def test_what_lasts_a_third_of_the_clip_is_not_in_most_stills(sharp):
    # Better by its score, as a face behind a hand can be.
    picker = StillPicker()
    for index in range(450):
        offer(picker, index, sharp, face(scale=2000.0 if 100 <= index < 250 else 1500.0))
    inside = [100 <= index < 250 for index in kept_indices(picker)]
    assert len(inside) >= 5
    assert sum(inside) < len(inside) / 2 + 1


def test_each_face_has_stills_of_its_own(sharp):
    picker = StillPicker(n_kept=2)
    for index in range(0, 200, 40):
        offer(picker, index, sharp, face(), face_index=0)
        offer(picker, index, sharp, face(scale=700.0), face_index=1)
    assert [still.face_index for still in picker.stills()] == [0, 0, 1, 1]


def test_best_comes_first_and_the_change_is_told_once(sharp):
    picker = StillPicker()
    assert not picker.has_changed
    offer(picker, 0, sharp, face(yaw_rad=0.5))
    offer(picker, 60, sharp, face())
    assert picker.has_changed
    assert [still.frame_index for still in picker.stills()] == [60, 0]
    assert not picker.has_changed
    offer(picker, 61, sharp, face())
    assert not picker.has_changed, "an equal picture is not exchanged"


def test_restoring_goes_on_with_what_was_kept(sharp):
    first = StillPicker(n_kept=1)
    offer(first, 0, sharp, face())
    second = StillPicker(n_kept=1)
    second.restore(first.stills(), first_index=0)
    assert not second.has_changed
    offer(second, 100, sharp, face(yaw_rad=0.4))
    assert kept_indices(second) == {0}


def test_a_face_seen_from_behind_is_never_kept(sharp):
    picker = StillPicker()
    offer(picker, 0, sharp, face(yaw_rad=np.pi))
    assert picker.stills() == ()


def test_offering_costs_less_than_a_third_of_a_millisecond(sharp):
    picker = StillPicker()
    faces = [face(yaw_rad=0.2 * np.sin(index / 15)) for index in range(300)]
    offer(picker, 0, sharp, faces[0])
    start = time.process_time()
    for index in range(1, 300):
        offer(picker, index, sharp, faces[index])
    assert (time.process_time() - start) / 299 < 1e-3, "0.3 ms, and room for a busy machine"
