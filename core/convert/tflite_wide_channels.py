"""Channels of a TFLite graph filled up with zeros to the blocks that ONNX Runtime computes in.

Where channels do not fill a block, its grouped convolutions, and with them every PReLU that is
written out, leave the blocked layout (see docs/decisions/0002-fast-onnx-files.md).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..arrays import AnyArray
from .tflite_graph import TfliteGraph, TfliteOperator, TfliteTensor

BLOCK = 16
"""As of `wide_channels`."""

_KEEPING = {"DEPTHWISE_CONV_2D", "PRELU", "ADD", "RELU", "RELU6", "MAX_POOL_2D", "RESIZE_BILINEAR"}
"""Operators that give each channel from the same one, and zero from zero."""
_CHANNEL_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "PRELU": -1}
"""Which axis of an operator's weights is that of its result's channels."""


def widen_channels(graph: TfliteGraph) -> TfliteGraph:
    """Return a graph that computes the same, with its inner channels in multiples of `BLOCK`.

    The new channels come last and are always 0. Tensors are left as they are where something else
    than convolutions, sums, activations and pooling reads or computes them.
    """
    widened = _wideable(graph)
    tensors = list(graph.tensors)
    for index in widened:
        *outer, n_channels = tensors[index].shape
        tensors[index] = replace(tensors[index], shape=(*outer, _wide(n_channels)))
    operators = []
    for operator in graph.operators:
        inputs = list(operator.inputs)
        for place, values in _wide_constants(operator, graph, tensors, widened).items():
            name = tensors[inputs[place]].name
            inputs[place] = len(tensors)
            # Beside the old constant: another operator may share it, and keep its width.
            tensors.append(TfliteTensor(name, values.shape, str(values.dtype).upper(), values))
        operators.append(replace(operator, inputs=tuple(inputs)))
    return replace(graph, tensors=tuple(tensors), operators=tuple(operators))


def _wide(n_channels: int) -> int:
    """Round up to whole blocks."""
    return -(-n_channels // BLOCK) * BLOCK


def _wideable(graph: TfliteGraph) -> set[int]:
    """Return the tensors that may have more channels."""
    computed = {target for operator in graph.operators for target in operator.outputs}
    wideable = {i for i in computed - set(graph.outputs) if len(graph.tensors[i].shape) == 4}
    while True:
        n_before = len(wideable)
        for operator in graph.operators:
            images = [i for i in operator.inputs if i in computed or i in graph.inputs]
            together = {*images, *operator.outputs}
            if _is_keeping(operator, graph) and not together <= wideable:
                wideable -= together
            elif not _is_known(operator, graph):
                wideable -= together
        if len(wideable) == n_before:
            return wideable


def _is_keeping(operator: TfliteOperator, graph: TfliteGraph) -> bool:
    """Tell whether an operator's inputs and result must have the same channels."""
    return operator.kind in _KEEPING or (
        operator.kind == "PAD" and not _amounts(operator, graph)[3].any()
    )


def _is_known(operator: TfliteOperator, graph: TfliteGraph) -> bool:
    """Tell whether an operator can be widened at all."""
    if operator.kind == "PAD":
        amounts = _amounts(operator, graph)
        return len(amounts) == 4 and not amounts[3, 0]
    if operator.kind == "CONV_2D":
        source, weights = (graph.tensors[i] for i in operator.inputs[:2])
        return weights.values is not None and source.shape[3] == weights.shape[3]
    if operator.kind == "ADD":
        return all(graph.tensors[i].values is None for i in operator.inputs)
    if operator.kind == "DEPTHWISE_CONV_2D":
        return bool(operator.options.DepthMultiplier() == 1)
    return operator.kind in _KEEPING


def _amounts(operator: TfliteOperator, graph: TfliteGraph) -> AnyArray:
    """Return what a PAD adds before and behind each axis, shape (rank, 2)."""
    values = graph.tensors[operator.inputs[1]].values
    return np.ones((0, 2)) if values is None else values


def _wide_constants(
    operator: TfliteOperator, graph: TfliteGraph, tensors: list[TfliteTensor], widened: set[int]
) -> dict[int, AnyArray]:
    """Return the constants that an operator needs now, by their place among its inputs."""
    source, target = operator.inputs[0], operator.outputs[0]
    if not widened & {source, target}:
        return {}
    if operator.kind == "PAD":
        amounts = _amounts(operator, graph).copy()
        amounts[3, 1] = tensors[target].shape[3] - tensors[source].shape[3]
        return {1: amounts}
    if operator.kind not in _CHANNEL_AXIS:
        return {}
    n_in, n_out = tensors[source].shape[3], tensors[target].shape[3]
    weights = graph.tensors[operator.inputs[1]].values
    assert weights is not None
    weights = _filled(weights, axis=_CHANNEL_AXIS[operator.kind], length=n_out)
    if operator.kind == "CONV_2D":
        weights = _filled(weights, axis=3, length=n_in)
    constants = {1: weights}
    if operator.kind != "PRELU" and len(operator.inputs) > 2 and operator.inputs[2] >= 0:
        bias = graph.tensors[operator.inputs[2]].values
        assert bias is not None
        constants[2] = _filled(bias, axis=0, length=n_out)
    return constants


def _filled(values: AnyArray, *, axis: int, length: int) -> AnyArray:
    """Append zeros along an axis."""
    amounts = [(0, 0)] * values.ndim
    amounts[axis] = (0, length - values.shape[axis])
    return np.pad(values, amounts)
