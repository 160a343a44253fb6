"""`live` as a take gets it: quick lids and lips on a calm face."""

import numpy as np
import pytest

from mien.core.geometry import load_canonical_face
from mien.core.pipeline.causal import calm_causally
from mien.core.settings import SmoothSettings

RATE_HZ, SIZE_PX = 30.0, 200.0
BLINK = np.array([0.25, 0.75, 1.0, 1.0, 0.75, 0.25])
FOREHEAD, UPPER_LID, LOWER_LIP = 10, 159, 14


@pytest.fixture
def face_px():
    """The canonical face, 200 pixels in size, still for four seconds: (120, 468, 3)."""
    neutral = load_canonical_face(468).topology.neutral_m.astype(np.float64)
    neutral *= SIZE_PX / np.ptp(neutral[:, :2], axis=0).mean()
    return np.tile(neutral * [1.0, -1.0, -1.0], (120, 1, 1))


def calm(points_px, **settings):
    time_s = np.arange(len(points_px)) / RATE_HZ
    shot = np.zeros(len(points_px), np.int32)
    return calm_causally(
        points_px, time_s, settings=SmoothSettings(mode="live", **settings), shot=shot
    )


@pytest.mark.parametrize("point", [UPPER_LID, LOWER_LIP])
def test_a_blink_of_six_frames_and_a_consonant_keep_95_percent_in_time(face_px, point):
    face_px[60:66, point, 1] += 0.04 * SIZE_PX * BLINK
    kept = calm(face_px)[:, point, 1] - face_px[0, point, 1]
    assert kept.max() > 0.95 * 0.04 * SIZE_PX
    assert kept.argmax() in {62, 63}


def test_the_same_motion_of_the_forehead_is_slower(face_px):
    face_px[60:66, [FOREHEAD, UPPER_LID], 1] += 0.01 * SIZE_PX * BLINK[:, None]
    forehead, lid = np.ptp(calm(face_px)[:, [FOREHEAD, UPPER_LID], 1], axis=0)
    assert lid > 0.97 * 0.01 * SIZE_PX
    assert forehead < 0.9 * lid


def test_a_gain_of_one_makes_lids_as_slow_as_the_forehead(face_px):
    face_px[60:66, [FOREHEAD, UPPER_LID], 1] += 0.01 * SIZE_PX * BLINK[:, None]
    found = calm(face_px, quick_gain=1.0)[:, [FOREHEAD, UPPER_LID], 1]
    forehead, lid = (found - found[0]).T
    np.testing.assert_allclose(forehead, lid, atol=1e-3)


def test_a_still_face_trembles_a_quarter_as_much(face_px):
    noise = np.random.default_rng(4).normal(0.0, 0.0007 * SIZE_PX, face_px.shape)
    jitter = [np.diff(part[30:], 2, axis=0).std() for part in (calm(face_px + noise), noise)]
    assert jitter[0] < 0.25 * jitter[1]


def test_meshes_with_irises_are_calmed_too():
    points = np.tile(load_canonical_face(478).topology.neutral_m, (5, 1, 1)) * 1000.0
    np.testing.assert_array_equal(calm(points), points.astype(np.float32))
