"""Strided convolutions see the pixels that TensorFlow's SAME rule gives them.

The reference below follows TensorFlow's published rule (docs of tf.nn, "Notes on padding") and
knows nothing of the networks.
"""

import numpy as np
import pytest
import torch

from mien.core.networks.blazeface import BlazeFace
from mien.core.networks.facemesh import FaceMesh
from mien.core.networks.residual_block import ResidualBlock


def same_convolution(image, kernel, stride):
    """Convolve (channels, h, w) with (out, channels, k, k) by TensorFlow's SAME rule."""
    n_out, _, size, _ = kernel.shape
    height, width = image.shape[1:]
    rows, columns = -(-height // stride), -(-width // stride)
    total = (
        max((rows - 1) * stride + size - height, 0),
        max((columns - 1) * stride + size - width, 0),
    )
    padded = np.pad(image, ((0, 0), *((t // 2, t - t // 2) for t in total)))
    result = np.zeros((n_out, rows, columns))
    for row in range(size):
        for column in range(size):
            window = padded[:, row::stride, column::stride][:, :rows, :columns]
            result += np.einsum("oc,chw->ohw", kernel[:, :, row, column], window)
    return result


def output_of(layer, network, image):
    """Run a network and return what one of its layers gave."""
    kept = []
    handle = layer.register_forward_hook(lambda _module, _inputs, output: kept.append(output))
    with torch.inference_mode():
        network(torch.from_numpy(image[None]).float())
    handle.remove()
    return kept[0][0].numpy()


@pytest.mark.parametrize(
    ("network_class", "backbone", "size"),
    [(FaceMesh, "backbone", 192), (BlazeFace, "backbone1", 128)],
)
def test_the_first_convolution_pads_as_tensorflow_does(network_class, backbone, size):
    torch.manual_seed(1)
    network = network_class().eval()
    first = network.get_submodule(f"{backbone}.0")
    image = np.random.default_rng(2).random((3, size, size))
    expected = same_convolution(image, first.weight.detach().double().numpy(), 2)
    expected += first.bias.detach().numpy()[:, None, None]
    found = output_of(first, network, image)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 1e-5


@pytest.mark.parametrize("stride", [1, 2])
def test_a_block_is_depthwise_pointwise_shortcut_and_activation(stride):
    torch.manual_seed(3)
    block = ResidualBlock(4, 6, stride=stride, activation=torch.nn.PReLU(6, init=0.3)).eval()
    image = np.random.default_rng(4).standard_normal((4, 12, 12))
    depthwise, pointwise = (c.weight.detach().double().numpy() for c in block.convs)
    biases = [c.bias.detach().double().numpy()[:, None, None] for c in block.convs]
    middle = np.concatenate(
        [same_convolution(image[c : c + 1], depthwise[c : c + 1], stride) for c in range(4)]
    )
    expected = same_convolution(middle + biases[0], pointwise, 1) + biases[1]
    shortcut = image
    if stride == 2:
        shortcut = image.reshape(4, 6, 2, 6, 2).max(axis=(2, 4))
    expected[:4] += shortcut  # the two new channels have no shortcut
    expected = np.where(expected < 0, 0.3 * expected, expected)
    with torch.inference_mode():
        found = block(torch.from_numpy(image[None]).float())[0].numpy()
    assert np.abs(found - expected).max() < 1e-5


def test_padding_on_the_other_side_would_be_noticed():
    image = np.random.default_rng(5).random((1, 8, 8))
    kernel = np.random.default_rng(6).random((1, 1, 3, 3))
    moved = same_convolution(image[:, ::-1, ::-1], kernel[:, :, ::-1, ::-1], 2)[:, ::-1, ::-1]
    assert np.abs(moved - same_convolution(image, kernel, 2)).max() > 0.1
