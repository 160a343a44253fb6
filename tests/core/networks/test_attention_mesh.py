"""The attention mesh's own operations, against closed forms."""

import numpy as np
import pytest
import torch

from mien.core.networks.attention_mesh import (
    N_LANDMARKS,
    Windows,
    in_crop,
    sampled,
    windows_around,
)
from mien.core.networks.attention_points import LEFT_EYE, LIPS, N_MESH, RIGHT_EYE, merging_order


def test_every_point_is_found_once():
    order = merging_order()
    assert len(order) == N_LANDMARKS and len(set(order)) == N_LANDMARKS
    refined = (*LIPS, *LEFT_EYE, *RIGHT_EYE)
    assert len(set(refined)) == len(refined) == 80 + 71 + 71
    kept = [index for index, place in enumerate(order) if place == index]
    assert set(kept) == set(range(N_MESH)) - set(refined)


@pytest.mark.parametrize("degrees", [0.0, 30.0, -75.0, 170.0])
def test_a_window_is_level_with_its_ends_and_half_as_large_again(degrees):
    """A rectangle 40 × 20 px, turned about a place: the window must be 60 × 30 px there."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[-20.0, 10.0], [20.0, 10.0], [20.0, -10.0], [-20.0, -10.0]])
    place = np.array([90.0, 70.0])
    mesh = torch.from_numpy(corners @ turn.T + place)[None].float()
    windows = windows_around(mesh, torch.arange(4)[None], ends=torch.tensor([[0, 1]]))
    middle_and_corner = torch.tensor([[[32.0, 32.0], [64.0, 64.0], [0.0, 32.0]]])
    found = in_crop(middle_and_corner, windows.of(0))[0].numpy()
    expected = np.array([[0.0, 0.0], [30.0, 15.0], [-30.0, 0.0]]) @ turn.T + place
    assert np.abs(found - expected).max() < 1e-4


def test_sampling_is_bilinear_between_centres_and_nothing_beyond():
    """Features that are their own coordinates: what is cut out are the places themselves."""
    steps = torch.arange(48.0)
    features = torch.zeros(1, 32, 48, 48)
    features[0, 0], features[0, 1] = steps[None, :], steps[:, None]
    features[0, 2] = 1.0
    turn = torch.tensor([[[[2.0, 0.5], [-0.5, 2.0]]]])
    windows = Windows(turn=turn, shift=torch.full((1, 1, 1, 2), 9.0))
    rows = features.permute(0, 2, 3, 1).flatten(0, 2)
    cut = sampled(rows, windows)[0, 0].numpy()
    rows, columns = np.mgrid[0:16, 0:16] + 0.5
    x, y = 2.0 * columns + 0.5 * rows + 9.0 - 0.5, -0.5 * columns + 2.0 * rows + 9.0 - 0.5
    is_within = (x >= 0) & (y >= 0) & (x <= 47) & (y <= 47)
    assert 0 < is_within.sum() < 256
    assert np.abs(cut[0] - x)[is_within].max() < 1e-4
    assert np.abs(cut[1] - y)[is_within].max() < 1e-4
    assert (cut[2][is_within] > 0.999).all() and (cut[:3][:, ~is_within] == 0).all()
