"""Makes small TFLite files of one operator each, with the format's own package."""

from __future__ import annotations

import importlib

import flatbuffers
import numpy as np
from flatbuffers import flexbuffers
from tflite.BuiltinOperator import BuiltinOperator
from tflite.BuiltinOptions import BuiltinOptions
from tflite.TensorType import TensorType

TYPES = {"float32": TensorType.FLOAT32, "float16": TensorType.FLOAT16, "int32": TensorType.INT32,
         "int8": TensorType.INT8}  # fmt: skip


def tflite_of(
    kind, *, inputs, constants=(), output_shape, options=None, custom=None, dtype="float32"
):
    """Return a file that applies an operator to inputs of given shapes, then constants.

    `options` is (name of the options' table, {field: value}).
    """
    build = flatbuffers.Builder(4096)
    shapes = [*inputs, *(np.shape(c) for c in constants), output_shape]
    names = [*(f"in{i}" for i in range(len(inputs))), *(f"c{i}" for i in range(len(constants)))]
    dtypes = [dtype] * len(inputs) + [np.asarray(c).dtype.name for c in constants] + [dtype]
    buffers = [_buffer(build, None)]
    for constant in constants:
        buffers.append(_buffer(build, np.ascontiguousarray(constant).tobytes()))
    tensors = []
    for i, (shape, name, kind_of) in enumerate(zip(shapes, [*names, "out"], dtypes, strict=True)):
        is_constant = len(inputs) <= i < len(shapes) - 1
        number = i - len(inputs) + 1 if is_constant else 0
        tensors.append(_tensor(build, name, shape, TYPES[kind_of], number))
    operator = _operator(build, n_inputs=len(shapes) - 1, options=options, custom=custom)
    graph = _graph(build, tensors, operator, n_inputs=len(inputs), output=len(shapes) - 1)
    return _model(build, graph, buffers, kind=kind, is_custom=custom is not None)


def _call(table, name):
    module = importlib.import_module(f"tflite.{table}")
    return getattr(module, f"{table}{name}")


def _vector(build, start, values, prepend):
    start(build, len(values))
    for value in reversed(values):
        getattr(build, prepend)(value)
    return build.EndVector()


def _buffer(build, data):
    content = None if data is None else build.CreateByteVector(data)
    _call("Buffer", "Start")(build)
    if content is not None:
        _call("Buffer", "AddData")(build, content)
    return _call("Buffer", "End")(build)


def _tensor(build, name, shape, kind, buffer):
    title = build.CreateString(name)
    lengths = _vector(build, _call("Tensor", "StartShapeVector"), list(shape), "PrependInt32")
    _call("Tensor", "Start")(build)
    _call("Tensor", "AddName")(build, title)
    _call("Tensor", "AddShape")(build, lengths)
    _call("Tensor", "AddType")(build, kind)
    _call("Tensor", "AddBuffer")(build, buffer)
    return _call("Tensor", "End")(build)


def _operator(build, *, n_inputs, options, custom):
    table = None
    if options is not None:
        name, fields = options
        _call(name, "Start")(build)
        for field, value in fields.items():
            _call(name, f"Add{field}")(build, value)
        table = _call(name, "End")(build)
    packed = build.CreateByteVector(bytes(flexbuffers.Dumps(custom))) if custom else None
    start = _call("Operator", "StartInputsVector")
    read = _vector(build, start, list(range(n_inputs)), "PrependInt32")
    start = _call("Operator", "StartOutputsVector")
    written = _vector(build, start, [n_inputs], "PrependInt32")
    _call("Operator", "Start")(build)
    _call("Operator", "AddOpcodeIndex")(build, 0)
    _call("Operator", "AddInputs")(build, read)
    _call("Operator", "AddOutputs")(build, written)
    if table is not None:
        _call("Operator", "AddBuiltinOptionsType")(build, getattr(BuiltinOptions, options[0]))
        _call("Operator", "AddBuiltinOptions")(build, table)
    if packed is not None:
        _call("Operator", "AddCustomOptions")(build, packed)
    return _call("Operator", "End")(build)


def _graph(build, tensors, operator, *, n_inputs, output):
    offsets = "PrependUOffsetTRelative"
    all_tensors = _vector(build, _call("SubGraph", "StartTensorsVector"), tensors, offsets)
    operators = _vector(build, _call("SubGraph", "StartOperatorsVector"), [operator], offsets)
    start = _call("SubGraph", "StartInputsVector")
    inputs = _vector(build, start, list(range(n_inputs)), "PrependInt32")
    start = _call("SubGraph", "StartOutputsVector")
    outputs = _vector(build, start, [output], "PrependInt32")
    _call("SubGraph", "Start")(build)
    _call("SubGraph", "AddTensors")(build, all_tensors)
    _call("SubGraph", "AddOperators")(build, operators)
    _call("SubGraph", "AddInputs")(build, inputs)
    _call("SubGraph", "AddOutputs")(build, outputs)
    return _call("SubGraph", "End")(build)


def _model(build, graph, buffers, *, kind, is_custom):
    offsets = "PrependUOffsetTRelative"
    number = BuiltinOperator.CUSTOM if is_custom else getattr(BuiltinOperator, kind)
    name = build.CreateString(kind) if is_custom else None
    _call("OperatorCode", "Start")(build)
    _call("OperatorCode", "AddBuiltinCode")(build, number)
    _call("OperatorCode", "AddDeprecatedBuiltinCode")(build, min(number, 127))
    _call("OperatorCode", "AddVersion")(build, 1)
    if name is not None:
        _call("OperatorCode", "AddCustomCode")(build, name)
    code = _call("OperatorCode", "End")(build)
    codes = _vector(build, _call("Model", "StartOperatorCodesVector"), [code], offsets)
    graphs = _vector(build, _call("Model", "StartSubgraphsVector"), [graph], offsets)
    stored = _vector(build, _call("Model", "StartBuffersVector"), buffers, offsets)
    _call("Model", "Start")(build)
    _call("Model", "AddVersion")(build, 3)
    _call("Model", "AddOperatorCodes")(build, codes)
    _call("Model", "AddSubgraphs")(build, graphs)
    _call("Model", "AddBuffers")(build, stored)
    build.Finish(_call("Model", "End")(build), file_identifier=b"TFL3")
    return bytes(build.Output())
