import re

import numpy as np
import pytest

from mien.core.animate import (
    blendshapes_from_positions,
    neutral_face,
    positions_from_blendshapes,
)
from mien.core.errors import DegenerateError, RangeError, ShapeError

TOLERANCE_M = 1e-4


def _neutral(n: int = 60) -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.1, 0.1, (n, 3)).astype(np.float32)


def _take(n_frames: int, *, n_moves: int = 4, noise_m: float = 0.0, n: int = 60) -> np.ndarray:
    """A face moved by few offsets whose weights swing about zero."""
    rng = np.random.default_rng(1)
    moves = rng.normal(0, 0.004, (n_moves, n, 3))
    phases = np.arange(n_frames)[:, None] * rng.uniform(0.05, 0.4, n_moves) + rng.uniform(
        0, 6, n_moves
    )
    noise = rng.normal(0, noise_m, (n_frames, n, 3)) if noise_m else 0.0
    return (_neutral(n) + np.einsum("tk,knc->tnc", np.sin(phases), moves) + noise).astype(
        np.float32
    )


def _worst(animation, positions) -> float:
    """Evaluate blendshape by blendshape, in float32, as shape keys are."""
    rebuilt = np.repeat(animation.neutral_m[None], len(positions), axis=0)
    for offset, weight in zip(animation.offsets_m, animation.weights.T, strict=True):
        rebuilt += weight[:, None, None] * offset
    return float(np.linalg.norm(rebuilt - positions, axis=2).max())


@pytest.mark.parametrize("noise_m", [0.0, 1e-5, 1e-3])
def test_the_worst_error_is_what_another_evaluation_finds(noise_m):
    positions = _take(80, noise_m=noise_m)
    found = blendshapes_from_positions(positions, tolerance_m=TOLERANCE_M, max_blendshapes=40)
    assert found.worst_error_m == pytest.approx(_worst(found, positions), abs=3e-8)


def test_every_point_stays_within_the_tolerance():
    positions = _take(200, n_moves=12, noise_m=2e-5)
    for tolerance_m in (2e-3, 2e-4, 2e-5):
        found = blendshapes_from_positions(positions, tolerance_m=tolerance_m, max_blendshapes=400)
        assert found.worst_error_m <= tolerance_m


def test_a_finer_tolerance_takes_more_blendshapes():
    positions = _take(200, n_moves=12, noise_m=2e-5)
    counts = [
        len(blendshapes_from_positions(positions, tolerance_m=t, max_blendshapes=400).names)
        for t in (1e-2, 1e-3, 2e-5)
    ]
    assert counts[0] < counts[1] < counts[2]


def test_moves_that_made_a_take_are_found_again_and_no_more():
    found = blendshapes_from_positions(
        _take(300, n_moves=4), neutral_m=_neutral(), tolerance_m=1e-6, max_blendshapes=200
    )
    # Four components with two sides each, although float32 positions are rounded.
    assert len(found.names) == 8
    assert found.worst_error_m <= 1e-6


def test_weights_lie_in_zero_to_one_and_every_blendshape_is_fully_used_once():
    found = blendshapes_from_positions(_take(90), tolerance_m=TOLERANCE_M, max_blendshapes=40)
    assert found.weights.dtype == found.offsets_m.dtype == np.float32
    assert found.weights.min() == 0
    assert (found.weights.max(axis=0) == 1).all()


def test_the_two_sides_of_a_component_are_never_used_together():
    found = blendshapes_from_positions(_take(90), tolerance_m=TOLERANCE_M, max_blendshapes=40)
    by_name = dict(zip(found.names, found.weights.T, strict=True))
    pairs = [name for name in by_name if name.endswith("plus") and name[:-4] + "minus" in by_name]
    assert pairs
    for name in pairs:
        assert (by_name[name] * by_name[name[:-4] + "minus"]).max() == 0


def test_a_side_that_is_never_used_has_no_blendshape():
    move = np.random.default_rng(2).normal(0, 0.003, (60, 3))
    positions = _neutral() + np.linspace(0, 1, 50)[:, None, None] * move
    found = blendshapes_from_positions(
        positions, neutral_m=_neutral(), tolerance_m=TOLERANCE_M, max_blendshapes=9
    )
    assert len(found.names) == 1
    assert np.abs(found.offsets_m[0] - move).max() < 1e-7
    assert np.abs(found.weights[:, 0] - np.linspace(0, 1, 50)).max() < 1e-5


def test_the_given_neutral_face_is_kept_bit_for_bit():
    neutral = _neutral() + np.float32(0.001)
    found = blendshapes_from_positions(
        _take(40), neutral_m=neutral, tolerance_m=TOLERANCE_M, max_blendshapes=40
    )
    assert np.array_equal(found.neutral_m, neutral)
    assert found.worst_error_m <= TOLERANCE_M


def test_lost_frames_hold_the_last_weights_and_the_first_before_any():
    positions = _take(30)
    whole = blendshapes_from_positions(
        positions[[2, 3, 4, 9, 10]], tolerance_m=TOLERANCE_M, max_blendshapes=40
    )
    gaps = np.full((11, 60, 3), np.nan, np.float32)
    gaps[[2, 3, 4, 9, 10]] = positions[[2, 3, 4, 9, 10]]
    found = blendshapes_from_positions(gaps, tolerance_m=TOLERANCE_M, max_blendshapes=40)
    assert np.array_equal(found.weights, whole.weights[[0, 0, 0, 1, 2, 2, 2, 2, 2, 3, 4]])


def test_one_point_lost_makes_its_frame_lost():
    positions = _take(10)
    positions[4, 7] = np.nan
    found = blendshapes_from_positions(positions, tolerance_m=TOLERANCE_M, max_blendshapes=40)
    assert np.array_equal(found.weights[4], found.weights[3])
    assert np.isfinite(found.offsets_m).all()


@pytest.mark.parametrize("n_frames", [1, 7])
def test_a_face_that_never_moves_has_no_blendshapes(n_frames):
    positions = np.repeat(_neutral()[None], n_frames, axis=0)
    found = blendshapes_from_positions(positions, tolerance_m=TOLERANCE_M, max_blendshapes=40)
    assert found.names == ()
    assert found.offsets_m.shape == (0, 60, 3)
    assert found.weights.shape == (n_frames, 0)
    assert np.array_equal(found.neutral_m, positions[0])
    assert np.array_equal(positions_from_blendshapes(found), positions)


def test_one_frame_away_from_a_given_neutral_face_is_one_blendshape():
    positions = _take(5)[3:4]
    found = blendshapes_from_positions(
        positions, neutral_m=_neutral(), tolerance_m=1e-6, max_blendshapes=40
    )
    assert found.weights.tolist() == [[1.0]]
    assert found.worst_error_m <= 1e-6


@pytest.mark.parametrize("limit", [0, 1, 2, 5])
def test_too_few_blendshapes_say_how_wrong_they_are(limit):
    positions = _take(100, n_moves=10)
    found = blendshapes_from_positions(positions, tolerance_m=1e-7, max_blendshapes=limit)
    assert len(found.names) <= limit
    assert found.worst_error_m > 1e-4
    assert found.worst_error_m == pytest.approx(_worst(found, positions), abs=3e-8)


def test_a_tolerance_below_float32_ends_with_the_error_that_is_left():
    positions = _take(100) + np.float32(5.0)
    found = blendshapes_from_positions(positions, tolerance_m=1e-9, max_blendshapes=200)
    assert 1e-9 < found.worst_error_m < 5e-6


@pytest.mark.parametrize(("n_frames", "n"), [(300, 20), (300, 100), (30, 100)])
def test_long_takes_and_large_faces_stay_within_the_tolerance(monkeypatch, n_frames, n):
    # Gram matrix of the values; of a choice of frames; of all frames.
    monkeypatch.setattr("mien.core.animate.components._MAX_SIDE", 70)
    positions = _take(n_frames, n=n, n_moves=3)
    found = blendshapes_from_positions(positions, tolerance_m=1e-6, max_blendshapes=40)
    assert found.worst_error_m <= 1e-6
    assert len(found.names) <= 8


def test_names_are_unique_and_plain():
    found = blendshapes_from_positions(_take(90), tolerance_m=1e-6, max_blendshapes=40)
    assert len(set(found.names)) == len(found.names) == found.weights.shape[1]
    assert all(re.fullmatch(r"shape_\d\d_(plus|minus)", name) for name in found.names)


def test_the_neutral_face_knows_no_blink_and_no_word():
    rng = np.random.default_rng(3)
    positions = _neutral() + rng.normal(0, 1e-5, (200, 60, 3))
    positions[20:26, :5] += 0.01  # a blink
    positions[60:140, 20:40] -= 0.02  # a mouth open for 40 % of the time
    assert np.abs(neutral_face(positions) - _neutral()).max() < 2e-5


def test_of_someone_who_talks_all_the_time_the_reference_finds_the_closed_mouth():
    # Another person's neutral face: everything lies elsewhere, but the mouth is closed.
    rng = np.random.default_rng(4)
    someone = _neutral() + rng.normal(0, 0.003, (60, 3)).astype(np.float32)
    gap = np.linspace(0, 0.03, 100)[:, None]
    positions = np.repeat(_neutral()[None], 100, axis=0)
    positions[:, 20:40, 1] -= gap
    opened = _neutral()[20:40, 1] - neutral_face(positions)[20:40, 1]
    closed = _neutral()[20:40, 1] - neutral_face(positions, reference_m=someone)[20:40, 1]
    assert opened.mean() > 0.012
    assert 0 <= closed.mean() < 0.003
    with pytest.raises(ShapeError, match=r"reference_m must have shape \(60, 3\)"):
        neutral_face(positions, reference_m=someone[:59])


def test_the_neutral_face_of_few_frames_is_one_of_them():
    positions = _take(5)
    assert any(np.array_equal(neutral_face(positions), frame) for frame in positions)


def test_a_part_of_the_frames_is_rebuilt_alone():
    found = blendshapes_from_positions(_take(30), tolerance_m=1e-6, max_blendshapes=40)
    part = positions_from_blendshapes(found, first=10, end=14)
    assert part.shape == (4, 60, 3)
    assert np.abs(part - positions_from_blendshapes(found)[10:14]).max() < 3e-8


def test_a_take_without_a_face_is_refused():
    with pytest.raises(DegenerateError, match="at least one frame with a face, got none"):
        blendshapes_from_positions(
            np.full((4, 60, 3), np.nan), tolerance_m=TOLERANCE_M, max_blendshapes=40
        )


def test_arrays_and_numbers_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match=r"positions_m must have shape \(n_frames, n, 3\)"):
        blendshapes_from_positions(np.zeros((4, 60)), tolerance_m=1e-4, max_blendshapes=4)
    with pytest.raises(ShapeError, match=r"neutral_m must have shape \(60, 3\), got \(59, 3\)"):
        blendshapes_from_positions(
            _take(4), neutral_m=_neutral(59), tolerance_m=1e-4, max_blendshapes=4
        )
    with pytest.raises(RangeError, match="tolerance_m must be above 0"):
        blendshapes_from_positions(_take(4), tolerance_m=0.0, max_blendshapes=4)
