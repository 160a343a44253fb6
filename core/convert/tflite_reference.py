"""Computes a TFLite graph with NumPy, as it stands: slow, and short enough to be seen to be right.

An import compares the converted network with it. Nothing is shared with the conversion: no order of
axes is changed, nothing is folded, fused or left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ..arrays import AnyArray, Float32Array, FloatArray
from ..errors import WeightsCorrupt
from .tflite_graph import TfliteGraph

_ACTIVATIONS: Mapping[int, Callable[[AnyArray], AnyArray]] = MappingProxyType(
    {
        0: lambda x: x,
        1: lambda x: np.maximum(x, 0),
        2: lambda x: np.clip(x, -1, 1),
        3: lambda x: np.clip(x, 0, 6),
        4: np.tanh,
    }
)


def run_tflite_graph(graph: TfliteGraph, inputs: list[Float32Array]) -> list[Float32Array]:
    """Compute a graph's results.

    Parameters
    ----------
    graph : without custom operators
    inputs : one array of the file's own shape an input

    Returns
    -------
    list of arrays
        The results, in the file's order and shapes.

    Raises
    ------
    WeightsCorrupt
        The graph has an operator that is not known here.
    """
    values: dict[int, AnyArray] = {
        index: tensor.values
        for index, tensor in enumerate(graph.tensors)
        if tensor.values is not None
    }
    values.update(zip(graph.inputs, inputs, strict=True))
    for operator in graph.operators:
        if operator.kind not in REFERENCE_OPERATORS:
            raise WeightsCorrupt(f"{graph.subject} cannot be computed: {operator.place}")
        operands = [values[index] for index in operator.inputs if index >= 0]
        result = REFERENCE_OPERATORS[operator.kind](operator.options, *operands)
        target = operator.outputs[0]
        # Only RESHAPE and its kin need it: all others give the declared shape by themselves.
        values[target] = result.reshape(graph.tensors[target].shape).astype(np.float32)
    return [np.asarray(values[index], np.float32) for index in graph.outputs]


def _activated(options: Any, result: FloatArray) -> FloatArray:
    """Apply an operator's own activation."""
    return _ACTIVATIONS[int(options.FusedActivationFunction())](result)


def _windows(
    options: Any, image: FloatArray, *, size: tuple[int, ...], fill: float = 0.0
) -> FloatArray:
    """Return the pixels under each window, shape (1, rows, columns, channels, height, width)."""
    dilation = (1, 1)
    if hasattr(options, "DilationHFactor"):
        dilation = (options.DilationHFactor(), options.DilationWFactor())
    stride = (options.StrideH(), options.StrideW())
    extent = tuple((k - 1) * d + 1 for k, d in zip(size, dilation, strict=True))
    if options.Padding() == 0:  # SAME
        amounts = [(0, 0)]
        for length, step, window in zip(image.shape[1:3], stride, extent, strict=True):
            n_missing = max((-(-length // step) - 1) * step + window - length, 0)
            amounts.append((n_missing // 2, n_missing - n_missing // 2))
        image = np.pad(image, [*amounts, (0, 0)], constant_values=fill)
    windows = np.lib.stride_tricks.sliding_window_view(image, extent, axis=(1, 2))  # type: ignore[call-overload]
    rows, columns = slice(None, None, stride[0]), slice(None, None, stride[1])
    taken: FloatArray = windows[:, rows, columns, :, :: dilation[0], :: dilation[1]]
    return taken


def _convolution(
    options: Any, image: FloatArray, weights: FloatArray, bias: FloatArray | None = None
) -> FloatArray:
    """Weights are (out, height, width, in of the group)."""
    windows = _windows(options, image, size=weights.shape[1:3])
    n_groups = image.shape[3] // weights.shape[3]
    parts = [
        np.tensordot(w, k, axes=((3, 4, 5), (3, 1, 2)))
        for w, k in zip(
            np.split(windows, n_groups, axis=3), np.split(weights, n_groups), strict=True
        )
    ]
    result = np.concatenate(parts, axis=3)
    return _activated(options, result if bias is None else result + bias)


def _depthwise(
    options: Any, image: FloatArray, weights: FloatArray, bias: FloatArray | None = None
) -> FloatArray:
    """Weights are (1, height, width, channels · multiplier)."""
    windows = _windows(options, image, size=weights.shape[1:3])
    n_channels = image.shape[3]
    kernels = weights[0].reshape(*weights.shape[1:3], n_channels, -1)
    result = np.einsum("brcihw,hwim->brcim", windows, kernels, optimize=True)
    result = result.reshape(*result.shape[:3], -1)
    return _activated(options, result if bias is None else result + bias)


def _max_pool(options: Any, image: FloatArray) -> FloatArray:
    size = (options.FilterHeight(), options.FilterWidth())
    windows = _windows(options, image, size=size, fill=-np.inf)
    return _activated(options, windows.max(axis=(4, 5)))


def _average_pool(options: Any, image: FloatArray) -> FloatArray:
    size = (options.FilterHeight(), options.FilterWidth())
    windows = _windows(options, image, size=size, fill=np.nan)
    return _activated(options, np.nanmean(windows, axis=(4, 5)))


def _fully_connected(
    options: Any, rows: FloatArray, weights: FloatArray, bias: FloatArray | None = None
) -> FloatArray:
    """Weights are (out, in)."""
    result = rows.reshape(-1, weights.shape[1]) @ weights.T
    return _activated(options, result if bias is None else result + bias)


def _resize(options: Any, image: FloatArray, size: AnyArray) -> FloatArray:
    for axis, n_after in zip((1, 2), size, strict=True):
        n_before, places = image.shape[axis], np.arange(n_after, dtype=np.float32)
        if options.HalfPixelCenters():
            places = (places + 0.5) * (n_before / n_after) - 0.5
        elif options.AlignCorners() and n_after > 1:
            places = places * ((n_before - 1) / (n_after - 1))
        else:
            places = places * (n_before / n_after)
        places = places.clip(0, n_before - 1)
        low = np.floor(places).astype(int)
        part = (places - low).reshape(-1, *(1,) * (3 - axis))
        high = np.minimum(low + 1, n_before - 1)
        image = image.take(low, axis) * (1 - part) + image.take(high, axis) * part
    return image


def _depth_to_space(options: Any, image: FloatArray) -> FloatArray:
    n, height, width, depth = image.shape
    block = options.BlockSize()
    blocks = image.reshape(n, height, width, block, block, depth // block**2)
    return blocks.transpose(0, 1, 3, 2, 4, 5).reshape(n, height * block, width * block, -1)


def _reduced(function: Callable[..., FloatArray]) -> Callable[..., FloatArray]:
    def reduce(options: Any, values: FloatArray, axes: AnyArray) -> FloatArray:
        axis = tuple(int(axis) for axis in np.atleast_1d(axes))
        return function(values, axis=axis, keepdims=bool(options.KeepDims()))

    return reduce


def _strided_slice(
    options: Any, values: FloatArray, begin: AnyArray, end: AnyArray, step: AnyArray
) -> FloatArray:
    """Keep one entry of an axis that is dropped; the declared shape does the rest."""
    parts = []
    for axis in range(values.ndim):
        first = None if options.BeginMask() >> axis & 1 else int(begin[axis])
        last = None if options.EndMask() >> axis & 1 else int(end[axis])
        if options.ShrinkAxisMask() >> axis & 1:
            first, last = int(begin[axis]), int(begin[axis]) + 1 or None
        parts.append(slice(first, last, int(step[axis])))
    return values[tuple(parts)]


def _binary(function: Callable[..., FloatArray]) -> Callable[..., FloatArray]:
    def compute(options: Any, left: FloatArray, right: FloatArray) -> FloatArray:
        result = function(left, right)
        return (
            _activated(options, result) if hasattr(options, "FusedActivationFunction") else result
        )

    return compute


def _unary(function: Callable[..., FloatArray]) -> Callable[..., FloatArray]:
    return lambda options, values: function(values)


REFERENCE_OPERATORS: Mapping[str, Callable[..., FloatArray]] = MappingProxyType(
    {
        "CONV_2D": _convolution,
        "DEPTHWISE_CONV_2D": _depthwise,
        "MAX_POOL_2D": _max_pool,
        "AVERAGE_POOL_2D": _average_pool,
        "FULLY_CONNECTED": _fully_connected,
        "RESIZE_BILINEAR": _resize,
        "DEPTH_TO_SPACE": _depth_to_space,
        "PRELU": _binary(lambda x, slope: np.where(x < 0, x * slope, x)),
        "PAD": lambda options, values, amounts: np.pad(values, amounts),
        "RESHAPE": lambda options, values, *shape: values,
        "TRANSPOSE": lambda options, values, order: values.transpose(order),
        "CONCATENATION": lambda options, *parts: np.concatenate(parts, options.Axis()),
        "STRIDED_SLICE": _strided_slice,
        "MEAN": _reduced(np.mean),
        "SUM": _reduced(np.sum),
        "ADD": _binary(np.add),
        "SUB": _binary(np.subtract),
        "MUL": _binary(np.multiply),
        "DIV": _binary(np.divide),
        "SQUARED_DIFFERENCE": _binary(lambda left, right: (left - right) ** 2),
        "NEG": _unary(np.negative),
        "SQRT": _unary(np.sqrt),
        "RSQRT": _unary(lambda x: 1 / np.sqrt(x)),
        "RELU": _unary(lambda x: np.maximum(x, 0)),
        "LOGISTIC": _unary(lambda x: 0.5 + 0.5 * np.tanh(x / 2)),  # exp would overflow
    }
)
