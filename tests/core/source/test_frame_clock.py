"""Frame times from what containers and OpenCV make of them."""

import numpy as np
import pytest

from mien.core.source.frame_clock import FrameClock, is_usual_rate, nominal_rate_hz


def times_s(container_ms, *, rate_hz=25.0):
    clock = FrameClock(rate_hz)
    return [clock.next_time_s(time_ms) for time_ms in container_ms], clock


def test_times_start_at_zero_and_keep_their_steps():
    found, clock = times_s([80.0, 120.0, 200.0, 210.0])
    np.testing.assert_allclose(found, [0.0, 0.04, 0.12, 0.13], atol=1e-12)
    assert not clock.is_counting


def test_a_decoding_time_in_place_of_a_first_time_of_zero_is_undone():
    found, _ = times_s([-16.666667, 33.333333, 66.666667])
    np.testing.assert_allclose(found, [0.0, 0.033333333, 0.066666667], atol=1e-9)


def test_frames_at_the_end_without_a_time_go_on_at_the_nominal_rate():
    found, clock = times_s([80.0 + 40.0 * k for k in range(28)] + [0.0, 0.0])
    np.testing.assert_allclose(found, np.arange(30) / 25.0, atol=1e-12)
    assert clock.n_guessed == 2
    assert not clock.is_counting


@pytest.mark.parametrize(
    "container_ms", [[0.0] * 9, [-7686143364045646.0 + 40 * k for k in range(9)]]
)
def test_useless_times_are_counted(container_ms):
    found, clock = times_s(container_ms)
    np.testing.assert_allclose(found, np.arange(9) / 25.0, atol=1e-12)
    assert clock.is_counting


def test_times_always_increase():
    random = np.random.default_rng(3)
    found, clock = times_s(list(random.uniform(-100, 1000, 200)))
    assert (np.diff(found) > 0).all()
    assert clock.n_frames == 200


def test_times_that_jump_back_go_on_at_the_nominal_rate():
    found, _ = times_s([0.0, 40.0, 80.0, 0.0, 40.0, 80.0])
    np.testing.assert_allclose(found, np.arange(6) / 25.0, atol=1e-12)


def test_a_wrong_guess_is_caught_up_with():
    """The container gives one frame none, and the next one the time that was guessed for it."""
    found, clock = times_s([0.0, 40.0, 0.0, 80.0, 120.0, 160.0, 200.0])
    np.testing.assert_allclose(found, [0.0, 0.04, 0.08, 0.10, 0.12, 0.16, 0.20], atol=1e-12)
    assert clock.n_guessed == 2


def test_frames_in_a_wrong_order_shift_nothing_behind_them():
    found, _ = times_s([40.0 * k for k in (0, 1, 2, 4, 3, 5, 6, 7, 8)])
    np.testing.assert_allclose(found[-3:], [0.24, 0.28, 0.32], atol=1e-12)
    assert (np.diff(found) > 0.01).all()


def test_a_plausible_claim_is_kept_though_times_are_rounded():
    rounded_ms = [float(round(k * 1000 / 30)) for k in range(16)]
    assert nominal_rate_hz(30.0, container_ms=rounded_ms) == 30.0


def test_an_average_that_dropped_frames_lowered_gives_way_to_the_usual_step():
    ms = [k * 100 / 3 for k in range(20) if k not in (5, 6, 11)]
    assert nominal_rate_hz(26.4, container_ms=ms) == pytest.approx(30.0)


def test_a_clock_rate_gives_way_to_the_usual_step():
    assert nominal_rate_hz(1000.0, container_ms=[40.0 * k for k in range(16)]) == pytest.approx(25)


@pytest.mark.parametrize("claimed", [0.0, float("nan"), float("inf"), 90000.0, -25.0])
def test_without_claim_and_times_the_rate_is_a_usual_one(claimed):
    assert nominal_rate_hz(claimed, container_ms=[0.0]) == 25.0
    assert nominal_rate_hz(claimed, container_ms=[0.0] * 16) == 25.0


def test_a_claim_stands_where_times_are_useless():
    assert nominal_rate_hz(24.0, container_ms=[0.0] * 16) == 24.0


@pytest.mark.parametrize(
    ("claimed", "is_usual"),
    [(25.0, True), (23.976, True), (29.98, True), (26.398, False), (1000.0, False), (0.0, False)],
)
def test_usual_rates_are_known(claimed, is_usual):
    assert is_usual_rate(claimed) is is_usual
