"""TFLite files → ONNX files: the whole graph, whatever network it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from onnx import TensorProto

from ..errors import WeightsCorrupt
from .onnx_builder import BATCH_AXIS, Axes, OnnxBuilder
from .tflite_conversion import CHANNELS_FIRST, Conversion, MixesBatch
from .tflite_custom import CUSTOM_OPERATORS
from .tflite_graph import TfliteGraph, damage_named
from .tflite_operators import OPERATORS, Writer
from .tflite_spatial import SPATIAL_OPERATORS

BUILTIN_OPERATORS: Mapping[str, Writer] = MappingProxyType({**OPERATORS, **SPATIAL_OPERATORS})


@dataclass(frozen=True, slots=True)
class ImageInput:
    """Bytes of an RGB image come in; the network's own input is (byte + offset) · scale."""

    scale: float
    offset: float = 0.0
    name: str = "image"


@dataclass(frozen=True, slots=True)
class Output:
    """One result: the network's output `source`, in its file's order, in the shape (n, *shape).

    `is_logit`: a sigmoid makes it 0 to 1.
    """

    name: str
    source: int
    shape: tuple[int, ...]
    is_logit: bool = False


@dataclass(frozen=True, slots=True)
class Contract:
    """What a converted network takes and gives; `input` a name: floats as the file has them."""

    input: ImageInput | str
    outputs: tuple[Output, ...]


def onnx_from_tflite(graph: TfliteGraph, contract: Contract | None = None) -> bytes:
    """Convert a graph to the bytes of an ONNX file.

    The batch axis has any length `n` where the graph allows it, else the file's own. The same graph
    gives the same bytes.

    Parameters
    ----------
    graph : with floats throughout
    contract : how inputs and outputs are named and shaped; as in the file when None

    Raises
    ------
    WeightsCorrupt
        The graph has an operator that is unknown, or used in a way that is; it contradicts itself.
    """
    check_operators(graph)
    with damage_named(graph.subject):
        try:
            return _converted(graph, contract, is_batched=True)
        except MixesBatch:
            return _converted(graph, contract, is_batched=False)


def check_operators(graph: TfliteGraph) -> None:
    """Raise unless every operator and every type is known.

    Raises
    ------
    WeightsCorrupt
        One is not.
    """
    for operator in graph.operators:
        known = CUSTOM_OPERATORS if operator.is_custom else BUILTIN_OPERATORS
        if operator.kind not in known:
            raise WeightsCorrupt(
                f"{graph.subject} cannot be converted: {operator.place}, which computes "
                f"'{graph.tensors[operator.outputs[0]].name}', is not known. Known are the "
                "operators of MediaPipe's face models; check that this is one of them."
            )
        for index in (*operator.inputs, *operator.outputs):
            tensor = graph.tensors[index]
            is_number = tensor.values is not None and tensor.dtype in ("INT32", "INT64")
            if index >= 0 and tensor.dtype != "FLOAT32" and not is_number:
                raise WeightsCorrupt(
                    f"{graph.subject} cannot be converted: {operator.place} computes with "
                    f"{tensor.dtype} numbers, expected FLOAT32. Get the variant of the model with "
                    "floats."
                )


def _converted(graph: TfliteGraph, contract: Contract | None, *, is_batched: bool) -> bytes:
    """Convert with an open or a fixed batch axis."""
    if contract is None:
        output_names = [graph.tensors[index].name for index in graph.outputs]
    else:
        output_names = [output.name for output in contract.outputs]
    builder = OnnxBuilder(output_names)
    conversion = Conversion(graph, builder, is_batched)
    for index in graph.inputs:
        conversion.require_batch(conversion.shape(index)[:1] == (1,))
        _write_input(index, conversion, contract)
    for operator in graph.operators:
        conversion.require_batch(conversion.widened.isdisjoint(operator.inputs))
        writers = CUSTOM_OPERATORS if operator.is_custom else BUILTIN_OPERATORS
        writers[operator.kind](operator, conversion)
    if contract is None:
        for index in graph.outputs:
            shape = conversion.shape(index)
            if is_batched and index not in conversion.widened:
                shape = shape[1:]
            axes: Axes = (BATCH_AXIS, *shape) if is_batched else shape
            builder.add_output(conversion.name(index), conversion.plain(index), axes)
    else:
        for output in contract.outputs:
            _write_output(output, conversion)
    return builder.finished()


def _write_input(index: int, conversion: Conversion, contract: Contract | None) -> None:
    """Declare an input, and bring an image's bytes to the network's own numbers."""
    builder, shape = conversion.builder, conversion.shape(index)
    axes: Axes = (BATCH_AXIS, *shape[1:]) if conversion.is_batched else shape
    rule = conversion.name(index) if contract is None else contract.input
    if isinstance(rule, str):
        conversion.set_plain(index, builder.add_input(rule, TensorProto.FLOAT, axes))
        return
    name = builder.add_input(rule.name, TensorProto.UINT8, axes)
    name = builder.node("Cast", name, name="image/float", to=TensorProto.FLOAT)
    if rule.offset:
        name = builder.node("Add", name, builder.number(rule.offset), name="image/centred")
    name = builder.node("Transpose", name, name="image/channels_first", perm=CHANNELS_FIRST)
    conversion.set_channels_first(index, name)
    conversion.scales[index] = rule.scale


def _write_output(output: Output, conversion: Conversion) -> None:
    """Give a result out as the contract wants it."""
    graph, builder = conversion.graph, conversion.builder
    index = graph.outputs[output.source]
    if math.prod(output.shape) != math.prod(conversion.shape(index)):
        raise WeightsCorrupt(
            f"Result {output.source} of {graph.subject} has shape {conversion.shape(index)}, "
            f"expected one of {math.prod(output.shape)} numbers. Check that this is the right file."
        )
    batch = -1 if conversion.is_batched else 1
    name = conversion.plain(index)
    shape = builder.integers(batch, *output.shape)
    name = builder.node("Reshape", name, shape, name=f"{output.name}/shaped")
    if output.is_logit:
        name = builder.node("Sigmoid", name, name=f"{output.name}/probability")
    axes = (BATCH_AXIS if conversion.is_batched else 1, *output.shape)
    builder.add_output(output.name, name, axes)
