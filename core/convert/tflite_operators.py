"""TFLite's operators on numbers and shapes, in ONNX.

References
----------
TensorFlow Lite's kernels (Apache-2.0) for what each operator computes; onnx.ai for ONNX's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from .onnx_builder import OnnxBuilder
from .tflite_conversion import CHANNELS_FIRST, CHANNELS_LAST, Conversion
from .tflite_graph import TfliteOperator

Writer = Callable[[TfliteOperator, Conversion], None]

_UNARY = {
    "NEG": "Neg",
    "ABS": "Abs",
    "SQRT": "Sqrt",
    "EXP": "Exp",
    "LOGISTIC": "Sigmoid",
    "TANH": "Tanh",
    "RELU": "Relu",
    "HARD_SWISH": "HardSwish",
}
_BINARY = {
    "ADD": "Add",
    "SUB": "Sub",
    "MUL": "Mul",
    "DIV": "Div",
    "MAXIMUM": "Max",
    "MINIMUM": "Min",
    "SQUARED_DIFFERENCE": "Sub",
}
_REDUCTIONS = {"MEAN": "ReduceMean", "SUM": "ReduceSum", "REDUCE_MAX": "ReduceMax"}

_NO_ACTIVATION, _RELU, _RELU_N1_TO_1, _RELU6, _TANH = 0, 1, 2, 3, 4
_CLIPS = {_RELU_N1_TO_1: (-1.0, 1.0), _RELU6: (0.0, 6.0)}


def activated(name: str, operator: TfliteOperator, conversion: Conversion) -> str:
    """Apply the activation that is part of an operator to its result."""
    kind = _NO_ACTIVATION if operator.options is None else _fused_activation(operator)
    builder = conversion.builder
    if kind == _NO_ACTIVATION:
        return name
    if kind == _RELU:
        return builder.node("Relu", name, name=f"{name}/relu")
    if kind in _CLIPS:
        low, high = (builder.number(limit) for limit in _CLIPS[kind])
        return builder.node("Clip", name, low, high, name=f"{name}/clip")
    if kind == _TANH:
        return builder.node("Tanh", name, name=f"{name}/tanh")
    raise conversion.unsupported(operator, f"the unknown activation {kind}")


def _fused_activation(operator: TfliteOperator) -> int:
    return int(getattr(operator.options, "FusedActivationFunction", lambda: 0)())


def write_unary(operator: TfliteOperator, conversion: Conversion) -> None:
    """Write a function of each number by itself."""
    source, target = operator.inputs[0], operator.outputs[0]
    is_first = conversion.is_channels_first(source)
    name = conversion.channels_first(source) if is_first else conversion.plain(source)
    builder, title = conversion.builder, conversion.name(target)
    if operator.kind == "RSQRT":
        root = builder.node("Sqrt", name, name=f"{title}/root")
        result = builder.node("Reciprocal", root, name=title)
    elif operator.kind == "RELU6":
        low, high = builder.number(0.0), builder.number(6.0)
        result = builder.node("Clip", name, low, high, name=title)
    else:
        result = builder.node(_UNARY[operator.kind], name, name=title)
    _store(conversion, target, result, is_first=is_first)


def write_binary(operator: TfliteOperator, conversion: Conversion) -> None:
    """Write arithmetic of two tensors, the smaller repeated along the axes where it has one."""
    target = operator.outputs[0]
    can_be_first = len(conversion.shape(target)) == 4 and all(
        len(conversion.shape(i)) == 4 or conversion.values(i) is not None for i in operator.inputs
    )
    is_first = can_be_first and any(conversion.is_channels_first(i) for i in operator.inputs)
    names = [_operand(i, conversion, is_first=is_first) for i in operator.inputs]
    builder, title = conversion.builder, conversion.name(target)
    result = builder.node(_BINARY[operator.kind], *names, name=title)
    if operator.kind == "SQUARED_DIFFERENCE":
        result = builder.node("Mul", result, result, name=f"{title}/squared")
    _store(conversion, target, activated(result, operator, conversion), is_first=is_first)


def _operand(index: int, conversion: Conversion, *, is_first: bool) -> str:
    """Return one side of a calculation in the order of axes in which it is done."""
    values = conversion.values(index)
    if not is_first:
        return conversion.plain(index)
    if values is None:
        return conversion.channels_first(index)
    whole = values.reshape((1,) * (4 - values.ndim) + values.shape)
    name = f"{conversion.name(index)}/channels_first"
    return conversion.builder.constant(whole.transpose(CHANNELS_FIRST), name=name)


def write_reduction(operator: TfliteOperator, conversion: Conversion) -> None:
    """Write a mean, sum or maximum over some axes."""
    source, target = operator.inputs[0], operator.outputs[0]
    rank = len(conversion.shape(source))
    axes = np.atleast_1d(conversion.constant(operator.inputs[1], operator)) % rank
    conversion.require_batch(0 not in axes)
    is_first = conversion.is_channels_first(source) and bool(operator.options.KeepDims())
    name = conversion.channels_first(source) if is_first else conversion.plain(source)
    if is_first:
        axes = np.array([CHANNELS_FIRST.index(axis) for axis in axes])
    result = conversion.builder.node(
        _REDUCTIONS[operator.kind],
        name,
        conversion.builder.integers(*sorted(int(axis) for axis in axes)),
        name=conversion.name(target),
        keepdims=int(operator.options.KeepDims()),
    )
    _store(conversion, target, result, is_first=is_first)


def write_reshape(operator: TfliteOperator, conversion: Conversion) -> None:
    """Write the same numbers in another shape."""
    source, target = operator.inputs[0], operator.outputs[0]
    before, after = conversion.shape(source), conversion.shape(target)
    conversion.require_batch(before[:1] == (1,) == after[:1])
    shape = (-1, *after[1:]) if conversion.is_batched else after
    # One pixel: its channels lie in the same order whichever axis they are on.
    is_pixel = len(before) == 4 and before[1] == before[2] == 1
    is_first = is_pixel and conversion.is_channels_first(source)
    name = conversion.channels_first(source) if is_first else conversion.plain(source)
    wanted = conversion.builder.integers(*shape)
    result = conversion.builder.node("Reshape", name, wanted, name=conversion.name(target))
    conversion.set_plain(target, result)


def write_transpose(operator: TfliteOperator, conversion: Conversion) -> None:
    """Write the same numbers with the axes in another order."""
    source, target = operator.inputs[0], operator.outputs[0]
    order = [int(axis) for axis in conversion.constant(operator.inputs[1], operator)]
    conversion.require_batch(order[0] == 0)
    is_first = conversion.is_channels_first(source)
    title = conversion.name(target)
    if is_first:  # straight to the order that convolutions want, in one step
        order = [CHANNELS_LAST[order[axis]] for axis in CHANNELS_FIRST]
    name = conversion.channels_first(source) if is_first else conversion.plain(source)
    result = conversion.builder.node("Transpose", name, name=title, perm=order)
    _store(conversion, target, result, is_first=is_first)


def write_concatenation(operator: TfliteOperator, conversion: Conversion) -> None:
    """Write tensors laid end to end."""
    target = operator.outputs[0]
    rank = len(conversion.shape(target))
    axis = int(operator.options.Axis()) % rank
    conversion.require_batch(axis != 0)
    is_first = rank == 4 and any(conversion.is_channels_first(i) for i in operator.inputs)
    names = [
        conversion.channels_first(i) if is_first else conversion.plain(i) for i in operator.inputs
    ]
    if conversion.is_batched:
        computed = [conversion.values(i) is None for i in operator.inputs]
        like = names[computed.index(True)]
        names = [
            name if is_computed else repeated(name, conversion.builder, like=like, rank=rank)
            for name, is_computed in zip(names, computed, strict=True)
        ]
    result = conversion.builder.node(
        "Concat",
        *names,
        name=conversion.name(target),
        axis=CHANNELS_FIRST.index(axis) if is_first else axis,
    )
    _store(conversion, target, activated(result, operator, conversion), is_first=is_first)


def repeated(name: str, builder: OnnxBuilder, *, like: str, rank: int) -> str:
    """Repeat a constant along the first axis, as often as another tensor is long."""
    length = builder.node("Shape", like, name=f"{like}/length", start=0, end=1)
    ones = builder.integers(*(1,) * (rank - 1))
    shape = builder.node("Concat", length, ones, name=f"{name}/shape", axis=0)
    return builder.node("Expand", name, shape, name=f"{name}/repeated")


def write_strided_slice(operator: TfliteOperator, conversion: Conversion) -> None:
    """Write a part of a tensor, an axis of length 1 dropped where that is asked for."""
    source, target = operator.inputs[0], operator.outputs[0]
    shape, options = conversion.shape(source), operator.options
    if options.EllipsisMask() or options.NewAxisMask():
        raise conversion.unsupported(operator, "an ellipsis or a new axis")
    starts, ends, steps = (
        [int(number) for number in conversion.constant(i, operator)] for i in operator.inputs[1:4]
    )
    name = conversion.plain(source)
    dropped = [axis for axis in range(len(shape)) if options.ShrinkAxisMask() >> axis & 1]
    for axis, length in enumerate(shape):
        begin = None if options.BeginMask() >> axis & 1 else starts[axis]
        end = None if options.EndMask() >> axis & 1 else ends[axis]
        if axis in dropped:
            begin, end, steps[axis] = starts[axis], starts[axis] + 1 or None, 1
        if len(range(length)[begin : end : steps[axis]]) == length and steps[axis] > 0:
            continue
        conversion.require_batch(axis != 0)
        name = _sliced(name, conversion, axis=axis, part=slice(begin, end, steps[axis]))
    if conversion.is_batched and 0 in dropped:
        dropped.remove(0)
        conversion.widened.add(target)
    if dropped:
        axes = conversion.builder.integers(*dropped)
        name = conversion.builder.node("Squeeze", name, axes, name=conversion.name(target))
    conversion.set_plain(target, name)


def _sliced(name: str, conversion: Conversion, *, axis: int, part: slice) -> str:
    """Cut along one axis."""
    forward = part.step > 0
    far = np.iinfo(np.int32).max
    begin = (0 if forward else far) if part.start is None else part.start
    end = (far if forward else -far) if part.stop is None else part.stop
    integers = conversion.builder.integers
    bounds = (integers(begin), integers(end), integers(axis), integers(part.step))
    return conversion.builder.node("Slice", name, *bounds, name=f"{name}/part")


def write_fully_connected(operator: TfliteOperator, conversion: Conversion) -> None:
    """Write a matrix product with weights (out, in), a bias, and an activation."""
    source, target = operator.inputs[0], operator.outputs[0]
    weights = conversion.constant(operator.inputs[1], operator)
    n_in = weights.shape[1]
    builder, title = conversion.builder, conversion.name(target)
    after = conversion.shape(target)
    conversion.require_batch(conversion.shape(source)[:1] == (1,) == after[:1])
    flat_shape = builder.integers(-1, n_in)
    rows = builder.node("Reshape", conversion.plain(source), flat_shape, name=f"{title}/rows")
    operands = [rows, builder.constant(weights, name=conversion.name(operator.inputs[1]))]
    if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
        operands.append(conversion.plain(operator.inputs[2]))
    result = activated(builder.node("Gemm", *operands, name=title, transB=1), operator, conversion)
    if len(after) != 2 or not conversion.is_batched:
        shape = (-1, *after[1:]) if conversion.is_batched else after
        result = builder.node("Reshape", result, builder.integers(*shape), name=f"{title}/shaped")
    conversion.set_plain(target, result)


def _store(conversion: Conversion, index: int, name: str, *, is_first: bool) -> None:
    """Store a result in the order in which it was computed."""
    if is_first:
        conversion.set_channels_first(index, name)
    else:
        conversion.set_plain(index, name)


OPERATORS: Mapping[str, Writer] = MappingProxyType(
    {
        **dict.fromkeys((*_UNARY, "RSQRT", "RELU6"), write_unary),
        **dict.fromkeys(_BINARY, write_binary),
        **dict.fromkeys(_REDUCTIONS, write_reduction),
        **dict.fromkeys(("RESHAPE", "SQUEEZE", "EXPAND_DIMS"), write_reshape),
        "TRANSPOSE": write_transpose,
        "CONCATENATION": write_concatenation,
        "STRIDED_SLICE": write_strided_slice,
        "FULLY_CONNECTED": write_fully_connected,
    }
)
