"""PRNet's and L-PRNet's networks in NumPy, from the authors' variables in TensorFlow's layout.

Written from the description of the networks alone. Padding follows TensorFlow's published SAME
rule; a transposed convolution is computed as what it is, the gradient of that convolution.
"""

import numpy as np

RESFCN = "resfcn256/"
_EPSILON = 1e-3


def same_pads(length, kernel, stride):
    total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
    return total // 2, total - total // 2


def conv(image, kernel, stride=1):
    """Convolve (h, w, in) with (kh, kw, in, out)."""
    size = kernel.shape[0]
    pads = [same_pads(length, size, stride) for length in image.shape[:2]]
    padded = np.pad(image, (*pads, (0, 0)))
    height, width = (-(-length // stride) for length in image.shape[:2])
    result = np.zeros((height, width, kernel.shape[3]), np.float32)
    for row in range(size):
        for column in range(size):
            window = padded[row::stride, column::stride][:height, :width]
            result += window @ kernel[row, column]
    return result


def depthwise(image, kernel, stride=1):
    """Convolve each channel of (h, w, c) with its own of (kh, kw, c, 1)."""
    channels = [
        conv(image[..., c : c + 1], kernel[:, :, c : c + 1], stride) for c in range(image.shape[2])
    ]
    return np.concatenate(channels, axis=2)


def transposed(image, kernel, stride=1):
    """Return the gradient, by its input, of the convolution with (kh, kw, out, in)."""
    size = kernel.shape[0]
    height, width = (stride * length for length in image.shape[:2])
    (top, bottom), (left, right) = (same_pads(n, size, stride) for n in (height, width))
    padded = np.zeros((height + top + bottom, width + left + right, kernel.shape[2]), np.float32)
    for row in range(size):
        for column in range(size):
            # The window that `conv` read, written to.
            window = padded[row::stride, column::stride][: image.shape[0], : image.shape[1]]
            window += image @ kernel[row, column].T
    return padded[top : top + height, left : left + width]


def norm(values, variables, scope, end=""):
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    gamma, beta, mean, variance = (variables[f"{scope}{name}{end}"] for name in names)
    return (values - mean) / np.sqrt(variance + _EPSILON) * gamma + beta


def relu(values):
    return np.maximum(values, 0)


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def resfcn256(variables, image):
    """Compute PRNet's network from (h, w, 3), 0 … 1: (h, w, 3), 0 … 1."""

    def weights(scope):
        return variables[f"{RESFCN}{scope}/weights"]

    def normed(values, scope):
        return norm(values, variables, f"{RESFCN}{scope}/BatchNorm/")

    def unit(values, scope, stride=1):
        return relu(normed(conv(values, weights(scope), stride), scope))

    found = unit(image, "Conv")
    for number in range(10):
        block, stride = f"resBlock_{number}" if number else "resBlock", 2 - number % 2
        main = unit(found, f"{block}/Conv")
        main = unit(main, f"{block}/Conv_1", stride)
        main = conv(main, weights(f"{block}/Conv_2"))
        if stride == 2:
            found = conv(found, weights(f"{block}/shortcut"), stride)
        found = relu(normed(found + main, block))
    for number in range(17):
        scope = f"Conv2d_transpose_{number}" if number else "Conv2d_transpose"
        stride = 2 if number in (1, 4, 7, 10, 12) else 1
        found = normed(transposed(found, weights(scope), stride), scope)
        found = sigmoid(found) if number == 16 else relu(found)
    return found


def lprnet(variables, image):
    """Compute L-PRNet's network from (h, w, 3), 0 … 1: (h, w, 3), 0 … 1."""
    end = "/.ATTRIBUTES/VARIABLE_VALUE"

    def of(layer, name):
        return variables[f"layer_with_weights-{layer}/{name}{end}"]

    def normed(values, layer):
        return norm(values, variables, f"layer_with_weights-{layer}/", end)

    found = relu(normed(conv(image, of(0, "kernel"), 2) + of(0, "bias"), 1))
    for number in range(8):
        layer, stride = 2 + 4 * number, 2 - number % 2
        found = depthwise(found, of(layer, "depthwise_kernel"), stride) + of(layer, "bias")
        found = relu(normed(found, layer + 1))
        found = conv(found, of(layer + 2, "kernel")) + of(layer + 2, "bias")
        found = relu(normed(found, layer + 3))
    for layer in (34, 36, 38, 40, 42):
        found = normed(transposed(found, of(layer, "kernel"), 2) + of(layer, "bias"), layer + 1)
        found = relu(found) if layer >= 38 else found
    return sigmoid(transposed(found, of(44, "kernel")) + of(44, "bias"))
