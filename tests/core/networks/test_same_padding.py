"""Convolutions and transposed ones with TensorFlow's SAME rule, against matrices made by hand.

A transposed convolution is the transpose of a convolution's matrix. The matrix is built here from
the rule in TensorFlow's documentation ("Notes on padding"), one product after another.
"""

import numpy as np
import pytest
import torch

from mien.core.networks.lprnet import LPrnet
from mien.core.networks.resfcn256 import Resfcn256
from mien.core.networks.same_padding import SameConv2d, SameConvTranspose2d


def convolution_matrix(size, kernel, stride):
    """Return the matrix (outputs², size²) of a SAME convolution of one channel with (k, k)."""
    k, n_out = len(kernel), -(-size // stride)
    before = max((n_out - 1) * stride + k - size, 0) // 2
    matrix = np.zeros((n_out, n_out, size, size))
    for row, column in np.ndindex(n_out, n_out):
        for i, j in np.ndindex(k, k):
            y, x = row * stride + i - before, column * stride + j - before
            if 0 <= y < size and 0 <= x < size:
                matrix[row, column, y, x] = kernel[i, j]
    return matrix.reshape(n_out**2, size**2)


def run(layer, image):
    with torch.inference_mode():
        return layer(torch.from_numpy(image).float()[None, None])[0, 0].numpy()


@pytest.mark.parametrize(
    ("kernel_size", "stride", "size"),
    [(4, 1, 8), (4, 2, 8), (3, 1, 8), (3, 2, 8), (1, 2, 8), (4, 2, 7), (3, 2, 7)],
)
def test_a_convolution_is_its_matrix(kernel_size, stride, size):
    rng = np.random.default_rng(1)
    kernel, image = rng.standard_normal((kernel_size, kernel_size)), rng.random((size, size))
    layer = SameConv2d(1, 1, kernel_size, stride=stride)
    layer.weight.data = torch.from_numpy(kernel).float()[None, None]
    expected = convolution_matrix(size, kernel, stride) @ image.ravel()
    assert run(layer, image).ravel() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("kernel_size", "stride"), [(4, 1), (4, 2), (3, 1), (3, 2)])
def test_a_transposed_convolution_is_the_transposed_matrix(kernel_size, stride):
    rng = np.random.default_rng(2)
    kernel, image = rng.standard_normal((kernel_size, kernel_size)), rng.random((6, 6))
    layer = SameConvTranspose2d(1, 1, kernel_size, stride=stride)
    layer.weight.data = torch.from_numpy(kernel).float()[None, None]
    expected = convolution_matrix(6 * stride, kernel, stride).T @ image.ravel()
    found = run(layer, image)
    assert found.shape == (6 * stride, 6 * stride)
    assert found.ravel() == pytest.approx(expected, abs=1e-5)


def test_padding_on_the_other_side_would_be_noticed():
    kernel = np.random.default_rng(3).standard_normal((4, 4))
    turned = convolution_matrix(8, kernel[::-1, ::-1], 1)[::-1, ::-1]  # pads 2 before, 1 behind
    assert np.abs(turned - convolution_matrix(8, kernel, 1)).max() > 0.1


@pytest.mark.parametrize(
    ("network_class", "n_trained", "n_moving", "size"),
    [(Resfcn256, 13_353_618, 11_890, 256), (LPrnet, 4_476_099, 8_768, 128)],
)
def test_position_map_networks_have_the_authors_numbers_of_weights(
    network_class, n_trained, n_moving, size
):
    network = network_class().eval()
    assert sum(weight.numel() for weight in network.parameters()) == n_trained
    state = network.state_dict()
    assert sum(state[key].numel() for key in state if "running" in key) == n_moving
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, size, size)).shape == (1, 3, size, size)
