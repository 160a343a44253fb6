"""Puts an ONNX graph together node by node, and finishes it into the bytes of a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..arrays import AnyArray

OPSET = 18
"""The lowest that torch's exporter writes without conversion; ONNX Runtime 1.14 reads it."""
IR_VERSION = 10
"""ONNX Runtime 1.18, the oldest that Mien takes, reads it."""
HALF_SUFFIX = ".float16"
"""Ends the names of weights that are stored in 16 bits."""
BATCH_AXIS = "n"

Axes = Sequence[int | str]


class OnnxBuilder:
    """Collects nodes and constants; every name is handed out once.

    `output_names` are kept for the results.
    """

    def __init__(self, output_names: Sequence[str]) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._constant_names: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._names = set(output_names)

    def add_input(self, name: str, kind: int, axes: Axes) -> str:
        """Declare an input of the graph; `kind` is one of ONNX's types."""
        self._names.add(name)
        self._inputs.append(helper.make_tensor_value_info(name, kind, list(axes)))
        return name

    def add_output(self, name: str, source: str, axes: Axes) -> None:
        """Give a computed value out under a name."""
        self._nodes.append(helper.make_node("Identity", [source], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, list(axes)))

    def node(self, kind: str, *inputs: str, name: str, **attributes: Any) -> str:
        """Add a node and return the name of its result, which begins with `name`."""
        result = self._unused(name)
        self._nodes.append(helper.make_node(kind, list(inputs), [result], **attributes))
        return result

    def constant(self, values: AnyArray, *, name: str) -> str:
        """Add a constant and return its name; the same values are stored once."""
        values = np.ascontiguousarray(values)
        key = (values.dtype.str, values.shape, values.tobytes())
        if key not in self._constant_names:
            self._constant_names[key] = self._unused(name)
            self._constants.append(numpy_helper.from_array(values, self._constant_names[key]))
        return self._constant_names[key]

    def integers(self, *values: int) -> str:
        """Add a constant vector of integers: axes, a shape, paddings."""
        name = "integers_" + "_".join(str(value) for value in values)
        return self.constant(np.array(values, np.int64), name=name)

    def number(self, value: float) -> str:
        """Add a constant scalar, float32."""
        return self.constant(np.array(value, np.float32), name=f"number_{value:g}")

    def finished(self) -> bytes:
        """Store weights in 16 bits where those are exact, check, and serialise.

        The same graph gives the same bytes.
        """
        graph = helper.make_graph(
            self._nodes, "main_graph", self._inputs, self._outputs, self._constants
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="mien",
        )
        store_in_16_bits(model.graph)
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))

    def _unused(self, name: str) -> str:
        """Return a name that no value has yet."""
        candidate, number = name, 1
        while candidate in self._names:
            number += 1
            candidate = f"{name}_{number}"
        self._names.add(candidate)
        return candidate


def store_in_16_bits(graph: onnx.GraphProto) -> None:
    """Store each float32 constant that 16 bits hold exactly as those 16 bits and a Cast.

    ONNX Runtime carries the Cast out once, while loading.
    """
    casts = []
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32:
            continue
        with np.errstate(over="ignore"):
            halved = values.astype(np.float16)
        if not np.array_equal(halved.astype(np.float32), values):
            continue
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(halved, name + HALF_SUFFIX))
        casts.append(helper.make_node("Cast", [weight.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
