"""TFLite's operators on images, in ONNX: convolutions, pooling, padding, resizing.

References
----------
TensorFlow Lite's kernels (Apache-2.0): padding SAME gives ⌈size / stride⌉ and puts the odd row or
column of zeros at the bottom or right.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from ..arrays import AnyArray, Float32Array
from .tflite_conversion import Conversion, Padded
from .tflite_graph import TfliteOperator
from .tflite_operators import Writer, activated

_SAME = 0


def write_convolution(operator: TfliteOperator, conversion: Conversion) -> None:
    """Write an ordinary or a depthwise convolution, with its bias and activation."""
    source, target = operator.inputs[0], operator.outputs[0]
    options = operator.options
    weights = conversion.constant(operator.inputs[1], operator)
    n_in = conversion.shape(source)[3]
    if operator.kind == "DEPTHWISE_CONV_2D":
        weights, n_groups = weights.transpose(3, 0, 1, 2), n_in
    else:
        weights, n_groups = weights.transpose(0, 3, 1, 2), n_in // weights.shape[3]
    dilations = (options.DilationHFactor(), options.DilationWFactor())
    strides = (options.StrideH(), options.StrideW())
    extent = [1 + (k - 1) * d for k, d in zip(weights.shape[2:], dilations, strict=True)]
    pads, source = _pads(operator, conversion, extent=extent, strides=strides)
    name = conversion.unscaled(source)
    scale = conversion.scales.get(source, 1.0)
    title = conversion.name(target)
    operands = [name, _weights(operator, conversion, values=weights, scale=scale)]
    if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
        operands.append(conversion.plain(operator.inputs[2]))
    result = conversion.builder.node(
        "Conv",
        *operands,
        name=title,
        group=n_groups,
        strides=strides,
        dilations=dilations,
        pads=pads,
    )
    conversion.set_channels_first(target, activated(result, operator, conversion))


def _weights(
    operator: TfliteOperator, conversion: Conversion, *, values: AnyArray, scale: float
) -> str:
    """Store a convolution's weights, times the factor that its input lacks."""
    scaled = values.astype(np.float32) * np.float32(scale)
    return conversion.builder.constant(scaled, name=conversion.name(operator.inputs[1]))


def _pads(
    operator: TfliteOperator,
    conversion: Conversion,
    *,
    extent: list[int],
    strides: tuple[int, int],
) -> tuple[tuple[int, ...], int]:
    """Return (top, left, bottom, right), and the tensor to which they are added.

    Zeros that an operator before put around the image are added here instead.
    """
    source = operator.inputs[0]
    if operator.options.Padding() == _SAME:
        size = conversion.shape(source)[1:3]
        return same_padding(size, extent=extent, strides=strides), source
    if source in conversion.padded:
        padded = conversion.padded[source]
        return padded.pads, padded.source
    return (0, 0, 0, 0), source


def same_padding(
    size: tuple[int, ...], *, extent: list[int], strides: tuple[int, int]
) -> tuple[int, ...]:
    """Return TFLite's padding SAME as (top, left, bottom, right)."""
    before, after = [], []
    for length, window, stride in zip(size, extent, strides, strict=True):
        total = max((-(-length // stride) - 1) * stride + window - length, 0)
        before.append(total // 2)
        after.append(total - total // 2)
    return (*before, *after)


def write_prelu(operator: TfliteOperator, conversion: Conversion) -> None:
    """Write a PReLU: with one slope a channel as `written_out_prelu` does, else as it is."""
    source, target = operator.inputs[0], operator.outputs[0]
    slopes = conversion.constant(operator.inputs[1], operator).astype(np.float32)
    name, title = conversion.channels_first(source), conversion.name(target)
    builder = conversion.builder
    n_channels = conversion.shape(source)[3]
    if slopes.size != n_channels or slopes.shape[-1] != n_channels:
        whole = slopes.reshape((1,) * (4 - slopes.ndim) + slopes.shape).transpose(0, 3, 1, 2)
        slope = builder.constant(whole[0], name=conversion.name(operator.inputs[1]))
        conversion.set_channels_first(target, builder.node("PRelu", name, slope, name=title))
        return

    def scaled(values: str, factors: AnyArray, part: str) -> str:
        weights = builder.constant(factors.reshape(-1, 1, 1, 1), name=f"{title}/{part}")
        return builder.node("Conv", values, weights, name=f"{title}/{part}", group=n_channels)

    below = scaled(name, slopes, "below")
    if (slopes > 1).any():
        positive = builder.node("Relu", name, name=f"{title}/positive")
        above = scaled(positive, 1 - slopes, "above")
    else:
        above = builder.node("Relu", scaled(name, 1 - slopes, "above"), name=f"{title}/positive")
    conversion.set_channels_first(target, builder.node("Add", below, above, name=title))


def write_pooling(operator: TfliteOperator, conversion: Conversion) -> None:
    """Write the maximum or the mean over windows; padding does not count."""
    source, target = operator.inputs[0], operator.outputs[0]
    options = operator.options
    window = [options.FilterHeight(), options.FilterWidth()]
    strides = (options.StrideH(), options.StrideW())
    pads: tuple[int, ...] = (0, 0, 0, 0)
    if options.Padding() == _SAME:
        pads = same_padding(conversion.shape(source)[1:3], extent=window, strides=strides)
    result = conversion.builder.node(
        "MaxPool" if operator.kind == "MAX_POOL_2D" else "AveragePool",
        conversion.channels_first(source),
        name=conversion.name(target),
        kernel_shape=window,
        strides=strides,
        pads=pads,
    )
    conversion.set_channels_first(target, activated(result, operator, conversion))


def write_padding(operator: TfliteOperator, conversion: Conversion) -> None:
    """Write zeros, or another number, around a tensor; zeros around an image are put off."""
    source, target = operator.inputs[0], operator.outputs[0]
    amounts = conversion.constant(operator.inputs[1], operator).astype(np.int64)  # (rank, 2)
    value = 0.0
    if len(operator.inputs) > 2:
        value = float(conversion.constant(operator.inputs[2], operator).reshape(()))
    conversion.require_batch(not amounts[0].any())
    is_image = len(amounts) == 4
    if is_image and value == 0.0 and not amounts[[0, 3]].any():
        (top, bottom), (left, right) = amounts[1].tolist(), amounts[2].tolist()
        conversion.padded[target] = Padded(source, (top, left, bottom, right))
        return
    builder = conversion.builder
    if is_image:
        amounts = amounts[[0, 3, 1, 2]]
    name = conversion.channels_first(source) if is_image else conversion.plain(source)
    operands = [name, builder.integers(*amounts.T.ravel().tolist())]
    if value != 0.0:
        operands.append(builder.number(value))
    result = builder.node("Pad", *operands, name=conversion.name(target))
    if is_image:
        conversion.set_channels_first(target, result)
    else:
        conversion.set_plain(target, result)


def write_resize(operator: TfliteOperator, conversion: Conversion) -> None:
    """Write bilinear interpolation to another size."""
    source, target = operator.inputs[0], operator.outputs[0]
    mode = "asymmetric"
    if operator.options.HalfPixelCenters():
        mode = "half_pixel"
    elif operator.options.AlignCorners():
        mode = "align_corners"
    before, after = conversion.shape(source)[1:3], conversion.shape(target)[1:3]
    # Not sizes: those would have to name the batch's length, too.
    scales = [1.0, 1.0, *(n / m for n, m in zip(after, before, strict=True))]
    name = f"{conversion.name(target)}/scales"
    result = conversion.builder.node(
        "Resize",
        conversion.channels_first(source),
        "",
        conversion.builder.constant(_rounded_up(scales), name=name),
        name=conversion.name(target),
        mode="linear",
        coordinate_transformation_mode=mode,
    )
    conversion.set_channels_first(target, result)


def _rounded_up(values: list[float]) -> Float32Array:
    """Return floats not below the values, so that a size times its scale is not a pixel short."""
    rounded = np.array(values, np.float32)
    return np.where(rounded < values, np.nextafter(rounded, np.float32(np.inf)), rounded)


def write_depth_to_space(operator: TfliteOperator, conversion: Conversion) -> None:
    """Write channels as a block of pixels, or back."""
    source, target = operator.inputs[0], operator.outputs[0]
    is_to_space = operator.kind == "DEPTH_TO_SPACE"
    result = conversion.builder.node(
        "DepthToSpace" if is_to_space else "SpaceToDepth",
        conversion.channels_first(source),
        name=conversion.name(target),
        blocksize=int(operator.options.BlockSize()),
    )
    conversion.set_channels_first(target, result)


SPATIAL_OPERATORS: Mapping[str, Writer] = MappingProxyType(
    {
        "CONV_2D": write_convolution,
        "DEPTHWISE_CONV_2D": write_convolution,
        "PRELU": write_prelu,
        "MAX_POOL_2D": write_pooling,
        "AVERAGE_POOL_2D": write_pooling,
        "PAD": write_padding,
        "PADV2": write_padding,
        "RESIZE_BILINEAR": write_resize,
        "DEPTH_TO_SPACE": write_depth_to_space,
        "SPACE_TO_DEPTH": write_depth_to_space,
    }
)
