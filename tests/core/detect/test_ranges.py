"""Which detector looks when, and how far each one sees."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "convert"))
from runtimes import litert_results

from mien.core.convert import packages
from mien.core.detect import detector_weights, open_detector
from mien.core.detect.blazeface import FULL_RANGE, anchor_centers, letterbox
from mien.core.detect.ranges import MAX_FAR_SIZE, NearThenFar
from mien.core.errors import ArgumentError
from mien.core.records import FaceBox
from mien.core.settings import DetectSettings, SourceSettings
from mien.core.source import open_source

IMAGE = np.zeros((200, 400, 3), np.uint8)


def face(width_px, x_px=10.0):
    corners = np.array([x_px, 10.0, x_px + width_px, 10.0 + width_px], np.float32)
    return FaceBox(corners_px=corners, key_points_px=np.zeros((6, 2), np.float32), score=0.9)


class FakeDetector:
    def __init__(self, faces):
        self.faces = faces
        self.n_calls = 0

    def detect(self, image):
        self.n_calls += 1
        return self.faces


def test_where_a_near_face_is_found_the_far_detector_is_not_even_loaded():
    def never():
        raise AssertionError("loaded")

    near = FakeDetector([face(100)])
    assert NearThenFar(near, never).detect(IMAGE) == near.faces


class SeesWhatIsBright:
    """A near detector that finds a white square, but only where it fills much of the image."""

    def __init__(self, score=0.9):
        self.score = score
        self.n_calls = 0

    def detect(self, image):
        self.n_calls += 1
        rows, columns = np.nonzero(image[..., 0] > 200)
        if not rows.size or np.ptp(columns) < 0.2 * image.shape[1]:
            return []
        corners = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        points = np.tile(np.float32([columns.min(), rows.min()]), (6, 1))
        return [FaceBox(np.array(corners, np.float32), points, self.score)]


def scene_with_a_square(x, y, side):
    image = IMAGE.copy()
    image[y : y + side, x : x + side] = 255
    return image, np.array([x, y, x + side, y + side], np.float32)


@pytest.mark.parametrize(("x", "y"), [(100, 60), (0, 0), (380, 180), (0, 180)])
def test_where_none_is_near_a_far_one_is_taken_as_the_near_detector_confirms_it(x, y):
    image, corners = scene_with_a_square(x, y, 20)
    near = SeesWhatIsBright()
    far = FakeDetector([FaceBox(corners + 2, np.zeros((6, 2), np.float32), 0.6)])
    opened = []
    detector = NearThenFar(near, lambda: opened.append(far) or far)
    for _ in range(3):
        (found,) = detector.detect(image)
        assert (found.corners_px == corners).all() and found.score == 0.9
        assert (found.key_points_px == [x, y]).all()
    assert len(opened) == 1 and far.n_calls == 3


def test_what_the_near_detector_does_not_confirm_is_no_face():
    image, corners = scene_with_a_square(100, 60, 20)
    here = FaceBox(corners, np.zeros((6, 2), np.float32), 0.9)
    elsewhere = FaceBox(corners + 15, np.zeros((6, 2), np.float32), 0.9)
    assert NearThenFar(SeesWhatIsBright(0.7), lambda: FakeDetector([here])).detect(image) == []
    assert NearThenFar(SeesWhatIsBright(), lambda: FakeDetector([elsewhere])).detect(image) == []


def test_a_near_face_that_only_the_far_detector_sees_is_not_taken():
    limit_px = MAX_FAR_SIZE * 400
    near = SeesWhatIsBright()
    far = FakeDetector([face(limit_px + 1)])
    assert NearThenFar(near, lambda: far).detect(IMAGE) == []
    assert near.n_calls == 1  # not asked again


def test_settings_know_three_ranges():
    with pytest.raises(ArgumentError, match="detector must be one of auto, short, full, got 'x'"):
        DetectSettings(range="x")
    assert detector_weights(DetectSettings(range="full")) == ("face_detection_full_range",)
    assert len(detector_weights(DetectSettings())) == 2


def test_the_full_range_has_one_anchor_a_cell():
    anchors = anchor_centers(FULL_RANGE)
    assert anchors.shape == (2304, 2)
    assert anchors[1] == pytest.approx([1.5 / 48, 0.5 / 48])
    assert anchors[48] == pytest.approx([0.5 / 48, 1.5 / 48])


def _scene(image, *, face_px):
    """Lay a portrait into a grey frame of 1280 × 720, so that its face is so wide; and its box."""
    found = open_detector(DetectSettings(range="short")).detect(image)[0].corners_px
    scale = face_px / (found[2] - found[0])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    scene = np.full((720, 1280, 3), 110, np.uint8)
    scene[100 : 100 + small.shape[0], 600 : 600 + small.shape[1]] = small
    return scene, found * scale + [600, 100, 600, 100]


@pytest.mark.weights
@pytest.mark.parametrize("face_px", [110, 90, 70])
def test_a_face_far_away_is_found_by_the_full_range_alone(astronaut, face_px):
    scene, expected = _scene(astronaut, face_px=face_px)
    assert open_detector(DetectSettings(range="short")).detect(scene) == []
    for kind in ("full", "auto"):
        (found,) = open_detector(DetectSettings(range=kind)).detect(scene)
        assert np.abs(found.corners_px - expected).max() < 0.25 * face_px
        right_eye, left_eye, _nose, mouth = found.key_points_px[:4]
        assert right_eye[0] < left_eye[0] and mouth[1] > right_eye[1]


@pytest.mark.weights
def test_a_near_face_is_the_short_ranges_own(astronaut):
    (near,) = open_detector(DetectSettings(range="short")).detect(astronaut)
    (found,) = open_detector(DetectSettings()).detect(astronaut)
    (full,) = open_detector(DetectSettings(range="full")).detect(astronaut)
    assert (found.corners_px == near.corners_px).all()
    assert np.abs(full.corners_px - near.corners_px).max() < 0.25 * np.ptp(near.corners_px[::2])


@pytest.mark.weights
def test_letters_that_the_full_range_takes_for_faces_are_none(data_file):
    path = data_file("clips/pyfeat_face_noface.mov")
    full, auto = (open_detector(DetectSettings(range=kind)) for kind in ("full", "auto"))
    n_taken = 0
    with open_source(str(path), SourceSettings(start_s=5.0)) as source:
        for frame in source.frames():
            n_taken += len(full.detect(frame.image))
            near = open_detector(DetectSettings(range="short")).detect(frame.image)
            assert len(auto.detect(frame.image)) == len(near)
    assert n_taken > 10


@pytest.mark.weights
def test_no_face_is_found_in_noise_and_in_nothing():
    detector = open_detector(DetectSettings())
    noise = np.random.default_rng(3).integers(0, 256, (360, 640, 3), np.uint8)
    for image in (noise, IMAGE, IMAGE[:1, :1]):
        assert detector.detect(image) == []


@pytest.mark.assets
def test_the_best_box_is_what_litert_and_mediapipes_formulas_give(wheel, astronaut):
    scene, _ = _scene(astronaut, face_px=90)
    data = packages.read_wheel_member(wheel, packages.FULL_RANGE_TFLITE)
    values = letterbox(scene, size=192)[None] / np.float32(127.5) - 1
    boxes, logits = litert_results(data, [values.astype(np.float32)])
    scores = 1 / (1 + np.exp(-logits.ravel().clip(-50, 50)))
    (found,) = open_detector(DetectSettings(range="full")).detect(scene)
    assert found.score == pytest.approx(scores.max(), abs=1e-4)
    # The weighted mean of all that overlap the best box by more than 0.3.
    cells = (np.mgrid[0:48, 0:48].reshape(2, -1).T[:, ::-1] + 0.5) / 48
    kept = scores >= 0.5
    raw, cells, scores = boxes[0][kept] / 192, cells[kept], scores[kept]
    center, size = raw[:, :2] + cells, raw[:, 2:4]
    corners = np.hstack([center - size / 2, center + size / 2])
    best = corners[scores.argmax()]
    overlap = np.array([_overlap(best, other) for other in corners])
    weights = scores * (overlap > 0.3)
    mean = weights @ corners / weights.sum() * 1280 - [0, 280, 0, 280]
    assert found.corners_px == pytest.approx(mean, abs=0.1)
    nose = weights @ (raw[:, 8:10] + cells) / weights.sum() * 1280 - [0, 280]
    assert found.key_points_px[2] == pytest.approx(nose, abs=0.1)


def _overlap(first, second):
    low, high = np.maximum(first[:2], second[:2]), np.minimum(first[2:], second[2:])
    shared = np.prod(np.maximum(high - low, 0))
    areas = [np.prod(box[2:] - box[:2]) for box in (first, second)]
    return shared / (sum(areas) - shared)
