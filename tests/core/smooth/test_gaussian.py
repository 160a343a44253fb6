"""Windows over uneven times."""

import numpy as np
import pytest

from mien.core.local_lines import line_weights
from mien.core.smooth.gaussian import split_band, window_means


@pytest.fixture
def time_s():
    return np.cumsum(np.random.default_rng(3).uniform(0.01, 0.08, 200))


def test_the_window_fits_a_line_as_least_squares_do(time_s):
    values = np.random.default_rng(1).normal(size=200)
    weights = line_weights(time_s - time_s[:, None], width_s=0.2)
    for frame in (0, 3, 90, 199):
        offsets = time_s - time_s[frame]
        near = np.abs(offsets) <= 3.5 * 0.2
        root = np.exp(-0.25 * (offsets[near] / 0.2) ** 2)
        line = np.polyfit(offsets[near], values[near], 1, w=root)
        assert weights[frame] @ values == pytest.approx(line[1], abs=1e-10)


@pytest.mark.parametrize("width_s", [0.0, 1e-6, 0.004, 0.05, 3.0])
def test_lines_have_no_bands(time_s, width_s):
    line = np.stack([np.full(200, 7.0), 3.0 * time_s - 2.0], axis=1)
    band, _ = split_band(line, time_s=time_s, narrow_s=width_s, wide_s=2.0 * width_s + 1e-9)
    np.testing.assert_allclose(band, 0.0, atol=1e-9)


def test_bands_add_up_to_the_values(time_s):
    values = np.random.default_rng(1).normal(size=(200, 3))
    first, _ = split_band(values, time_s=time_s, narrow_s=0.0, wide_s=0.1)
    second, _ = split_band(values, time_s=time_s, narrow_s=0.1, wide_s=0.3)
    rest = line_weights(time_s - time_s[:, None], width_s=0.3) @ values
    np.testing.assert_allclose(first + second + rest, values, atol=1e-10)


def test_the_noise_share_is_the_variance_of_white_noise_in_the_band(time_s):
    noise = np.random.default_rng(1).normal(size=(200, 20000))
    band, share = split_band(noise, time_s=time_s, narrow_s=0.05, wide_s=0.1)
    np.testing.assert_allclose(band.var(1), share, rtol=0.05)


def test_means_keep_constants_and_stay_in_range(time_s):
    constant = np.full((200, 1), 3.0)
    np.testing.assert_allclose(window_means(constant, time_s=time_s, width_s=0.2), 3.0)
    spike = np.zeros((200, 1))
    spike[100] = 1.0
    means = window_means(spike, time_s=time_s, width_s=0.2)
    assert means.min() >= 0.0 and 0.0 < means.max() < 1.0


def test_a_frame_alone_stands_for_itself():
    assert line_weights(np.zeros((1, 1)), width_s=0.3) == 1.0
    far = np.array([[0.0, 100.0]])
    np.testing.assert_array_equal(line_weights(far, width_s=0.3), [[1.0, 0.0]])
