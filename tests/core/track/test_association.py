import numpy as np
import pytest

from mien.core.records import Landmarks, Region
from mien.core.settings import TrackSettings
from mien.core.track import FaceTracker, Sighting

SIZE = 100.0


def _landmarks(x: float, y: float, presence: float = 0.9) -> Landmarks:
    """Return a face of about 100 px around a place, upright."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-SIZE / 2, SIZE / 2, (468, 3)).astype(np.float32)
    points[33], points[263] = (-30, 0, 0), (30, 0, 0)
    points[:, :2] += (x, y)
    return Landmarks(
        points_px=points,
        presence=presence,
        region=Region(x_px=x, y_px=y, size_px=1.5 * SIZE, rotation_rad=0.0),
    )


def _sighting(x: float, look: float, presence: float = 0.9) -> Sighting:
    """Return a face whose picture is of one brightness, with a little noise."""
    rng = np.random.default_rng(abs(int(x)))
    picture = look + rng.normal(0, 0.01, (144, 3)).astype(np.float32)
    return Sighting(landmarks=_landmarks(x, 200.0, presence), picture=picture)


def _x(landmarks: Landmarks | None) -> float | None:
    return None if landmarks is None else landmarks.region.x_px


def test_a_followed_face_is_looked_for_where_its_landmarks_were():
    tracker = FaceTracker(TrackSettings())
    assert tracker.followed_regions() == []
    tracker.assign([_sighting(300.0, 0.5)])
    (region,) = tracker.followed_regions()
    assert region.x_px == pytest.approx(300.0, abs=2.0)
    assert region.size_px == pytest.approx(1.5 * SIZE, rel=0.05)


def test_a_face_of_low_presence_is_lost_and_not_followed():
    tracker = FaceTracker(TrackSettings())
    tracker.assign([_sighting(300.0, 0.5)])
    assert tracker.assign([_sighting(300.0, 0.5, presence=0.4)]) == [None]
    assert tracker.followed_regions() == []


def test_without_tracking_every_frame_starts_from_the_detector():
    tracker = FaceTracker(TrackSettings(is_tracked=False))
    tracker.assign([_sighting(300.0, 0.5)])
    assert tracker.followed_regions() == []


def test_a_detection_of_a_followed_face_is_not_a_new_one():
    tracker = FaceTracker(TrackSettings(n_faces=2))
    tracker.assign([_sighting(300.0, 0.5)])
    again, other = Region(305.0, 200.0, 150.0, 0.0), Region(700.0, 200.0, 150.0, 0.0)
    assert tracker.new_regions([again, other]) == [other]


def test_two_slots_on_one_face_become_one():
    tracker = FaceTracker(TrackSettings(n_faces=2))
    tracker.assign([_sighting(300.0, 0.3), _sighting(600.0, 0.7)])
    found = tracker.assign([_sighting(450.0, 0.7), _sighting(451.0, 0.7)])
    assert [_x(landmarks) is None for landmarks in found] == [True, False]


def test_faces_that_cross_with_one_covered_keep_their_slots():
    tracker = FaceTracker(TrackSettings(n_faces=2))
    for step in range(-50, 51):
        dark, bright = 500.0 + 6.0 * step, 500.0 - 6.0 * step
        sightings = [_sighting(bright, 0.6)]
        if abs(dark - bright) > 90.0:  # the dark face passes behind
            sightings.insert(0, _sighting(dark, 0.4))
        found = tracker.assign(sightings)
        assert _x(found[1]) == bright or step == -50
        if step == -50:
            assert [_x(f) for f in found] == [dark, bright]
    assert [_x(f) for f in found] == [800.0, 200.0]


def test_a_face_that_comes_back_elsewhere_is_known_by_its_look():
    tracker = FaceTracker(TrackSettings(n_faces=2))
    for _ in range(5):
        tracker.assign([_sighting(200.0, 0.3), _sighting(700.0, 0.7)])
    for _ in range(30):
        tracker.assign([])
    assert [_x(f) for f in tracker.assign([_sighting(230.0, 0.7)])] == [None, 230.0]


def test_more_faces_than_slots_leave_the_surplus_out():
    tracker = FaceTracker(TrackSettings(n_faces=2))
    found = tracker.assign([_sighting(100.0 * k, 0.1 * k) for k in range(1, 9, 2)])
    assert len(found) == 2
    assert all(landmarks is not None for landmarks in found)
