"""Reads the graph of a TFLite file: tensors, operators, and what goes in and comes out."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..arrays import AnyArray
from ..errors import MienError, WeightsCorrupt
from .tflite_sparsity import dense_from_sparse
from .tflite_weights import model_class

_DTYPES = {"FLOAT32": "<f4", "FLOAT16": "<f2", "INT32": "<i4", "INT64": "<i8"}
_FOLDED = ("DENSIFY", "DEQUANTIZE")


@dataclass(frozen=True, slots=True, eq=False)
class TfliteTensor:
    """A tensor; `values` are those of a constant, None where they are computed."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    values: AnyArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TfliteOperator:
    """One step: `inputs` and `outputs` are numbers of tensors, −1 where an input is left out.

    `kind` is TFLite's name, or the author's own where `is_custom`. `options` is the flatbuffer's
    table of them; `custom_options` those of a custom operator.
    """

    index: int
    kind: str
    is_custom: bool
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any = None
    custom_options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Say in a message which operator this is."""
        return f"operator {self.index}, {'custom ' if self.is_custom else ''}'{self.kind}'"


@dataclass(frozen=True, slots=True, eq=False)
class TfliteGraph:
    """The first graph of a file, its weights unpacked; `subject` names it in messages."""

    subject: str
    tensors: tuple[TfliteTensor, ...]
    operators: tuple[TfliteOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def shapes(self) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
        """Return the shapes of the inputs and of the outputs, in the file's order."""
        return (
            [self.tensors[index].shape for index in self.inputs],
            [self.tensors[index].shape for index in self.outputs],
        )


def read_tflite_graph(data: bytes, *, subject: str) -> TfliteGraph:
    """Read a TFLite file, with sparse and 16-bit weights unpacked to 32-bit floats.

    Parameters
    ----------
    data : the file
    subject : what to call it in a message

    Raises
    ------
    WeightsCorrupt
        The file is no TFLite file, its tables point outside of it, or it holds no graph.
    BackendError
        The package that reads the format is missing.
    """
    model = model_class(data, subject=subject)
    with damage_named(subject):
        graph = _folded(_read_graph(model.GetRootAs(data, 0), subject))
        _check_references(graph)
    return graph


@contextmanager
def damage_named(subject: str) -> Iterator[None]:
    """Turn what a file that contradicts itself makes Python raise into an error that says so.

    Raises
    ------
    WeightsCorrupt
        In place of anything but errors that have their words already.
    """
    try:
        yield
    except MienError:
        raise
    except Exception as error:  # flatbuffers raises struct.error, IndexError, TypeError and more
        raise WeightsCorrupt(
            f"{subject} is a damaged TFLite file: its tables cannot be read or contradict each "
            f"other ({type(error).__name__}: {str(error)[:200]}). Get the file again."
        ) from error


def _read_graph(model: Any, subject: str) -> TfliteGraph:
    """Return graph 0 as it stands in the file."""
    graph = model.Subgraphs(0)
    return TfliteGraph(
        subject=subject,
        tensors=tuple(_read_tensor(model, graph.Tensors(i)) for i in range(graph.TensorsLength())),
        operators=tuple(_read_operator(model, graph, i) for i in range(graph.OperatorsLength())),
        inputs=tuple(graph.Inputs(i) for i in range(graph.InputsLength())),
        outputs=tuple(graph.Outputs(i) for i in range(graph.OutputsLength())),
    )


def _read_tensor(model: Any, tensor: Any) -> TfliteTensor:
    """Return one tensor; of types other than `_DTYPES` the values are bare bytes."""
    name = tensor.Name().decode("utf-8", "replace")
    shape = tuple(int(tensor.Shape(axis)) for axis in range(tensor.ShapeLength()))
    dtype = _enum_name("TensorType", tensor.Type())
    buffer = model.Buffers(tensor.Buffer()).DataAsNumpy()
    if isinstance(buffer, int):
        return TfliteTensor(name, shape, dtype)
    if dtype not in _DTYPES:  # it is a constant, whatever is in it
        return TfliteTensor(name, shape, dtype, np.frombuffer(buffer.tobytes(), np.uint8))
    values = np.frombuffer(buffer.tobytes(), _DTYPES[dtype])
    if tensor.Sparsity() is not None:
        return TfliteTensor(name, shape, dtype, dense_from_sparse(values, tensor.Sparsity(), shape))
    return TfliteTensor(name, shape, dtype, values.reshape(shape))


def _read_operator(model: Any, graph: Any, index: int) -> TfliteOperator:
    """Return one operator."""
    operator = graph.Operators(index)
    code = model.OperatorCodes(operator.OpcodeIndex())
    # Files from before there were more than 127 operators have their number in the older field.
    kind = _enum_name("BuiltinOperator", max(code.BuiltinCode(), code.DeprecatedBuiltinCode()))
    is_custom = kind == "CUSTOM"
    return TfliteOperator(
        index=index,
        kind=code.CustomCode().decode("utf-8", "replace") if is_custom else kind,
        is_custom=is_custom,
        inputs=tuple(operator.Inputs(i) for i in range(operator.InputsLength())),
        outputs=tuple(operator.Outputs(i) for i in range(operator.OutputsLength())),
        options=_read_options(operator),
        custom_options=_read_custom_options(operator) if is_custom else {},
    )


def _read_options(operator: Any) -> Any:
    """Return the table of a builtin operator's options, None where it has none."""
    kind = operator.BuiltinOptionsType()
    if not kind:
        return None
    name = _enum_name("BuiltinOptions", kind)
    options = getattr(importlib.import_module(f"tflite.{name}"), name)()
    table = operator.BuiltinOptions()
    options.Init(table.Bytes, table.Pos)
    return options


def _read_custom_options(operator: Any) -> Mapping[str, Any]:
    """Return a custom operator's options: a flexbuffer of a mapping, or nothing."""
    from flatbuffers import flexbuffers  # type: ignore[import-untyped,unused-ignore]

    if not operator.CustomOptionsLength():
        return {}
    options = flexbuffers.Loads(operator.CustomOptionsAsNumpy().tobytes())
    return options if isinstance(options, dict) else {}


def _enum_name(enum: str, value: int) -> str:
    """Return the name of a number of one of TFLite's enumerations, the number if it has none."""
    return _names_of(enum).get(value, str(value))


@functools.cache
def _names_of(enum: str) -> dict[int, str]:
    """Return the names of an enumeration's numbers."""
    members = vars(getattr(importlib.import_module(f"tflite.{enum}"), enum))
    return {number: name for name, number in members.items() if isinstance(number, int)}


def _folded(graph: TfliteGraph) -> TfliteGraph:
    """Carry out the operators that only unpack constants."""
    tensors, kept = list(graph.tensors), []
    for operator in graph.operators:
        source = tensors[operator.inputs[0]] if operator.inputs else None
        is_packed = source is not None and source.values is not None and "FLOAT" in source.dtype
        if operator.kind not in _FOLDED or not is_packed:
            kept.append(operator)
            continue
        assert source is not None and source.values is not None
        (target,) = operator.outputs
        dtype = tensors[target].dtype
        tensors[target] = replace(tensors[target], values=source.values.astype(_DTYPES[dtype]))
    return replace(graph, tensors=tuple(tensors), operators=tuple(kept))


def _check_references(graph: TfliteGraph) -> None:
    """Raise unless every tensor that is used is computed before, a constant, or an input."""
    known = {i for i, tensor in enumerate(graph.tensors) if tensor.values is not None}
    known.update(graph.inputs, (-1,))
    for operator in graph.operators:
        if not known.issuperset(operator.inputs):
            raise ValueError(f"{operator.place} reads a tensor that nothing computes")
        known.update(operator.outputs)
    if not graph.outputs or not known.issuperset(graph.outputs):
        raise ValueError("a result is computed by nothing")
