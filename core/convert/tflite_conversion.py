"""What the conversion of a TFLite graph to ONNX knows of each tensor, and in which order it lies.

TFLite keeps images as (batch, rows, columns, channels), ONNX Runtime computes convolutions on
(batch, channels, rows, columns). A tensor that a convolution gives is kept with its channels first
for as long as operators allow; a Transpose is written only where one of them does not, and once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..arrays import AnyArray
from ..errors import WeightsCorrupt
from .onnx_builder import OnnxBuilder
from .tflite_graph import TfliteGraph, TfliteOperator

CHANNELS_FIRST = (0, 3, 1, 2)
"""As a permutation of TFLite's axes."""
CHANNELS_LAST = (0, 2, 3, 1)
"""Its inverse."""


class MixesBatch(Exception):
    """An operator does more to the first axis than to carry it along."""


@dataclass(slots=True)
class Padded:
    """Zeros around an image that the next convolution adds itself: (top, left, bottom, right)."""

    source: int
    pads: tuple[int, int, int, int]


@dataclass(slots=True)
class Conversion:
    """The state of one conversion.

    `is_batched` leaves the length of the first axis open; operators for which that cannot work
    raise `MixesBatch`. `scales` are factors by which the values of a tensor, as stored, are still
    to be multiplied; `widened` names tensors that kept a batch axis which TFLite drops.
    """

    graph: TfliteGraph
    builder: OnnxBuilder
    is_batched: bool
    padded: dict[int, Padded] = field(default_factory=dict)
    scales: dict[int, float] = field(default_factory=dict)
    widened: set[int] = field(default_factory=set)
    _plain: dict[int, str] = field(default_factory=dict)
    _channels_first: dict[int, str] = field(default_factory=dict)

    def shape(self, index: int) -> tuple[int, ...]:
        """Return a tensor's shape in TFLite's order."""
        return self.graph.tensors[index].shape

    def name(self, index: int) -> str:
        """Return a tensor's name."""
        return self.graph.tensors[index].name or f"tensor_{index}"

    def values(self, index: int) -> AnyArray | None:
        """Return a constant's values, None for what is computed."""
        return self.graph.tensors[index].values

    def constant(self, index: int, operator: TfliteOperator) -> AnyArray:
        """Return the values of a tensor that must be a constant."""
        values = None if index < 0 else self.values(index)
        if values is None:
            raise self.unsupported(operator, "an operand that is computed instead of constant")
        return values

    def set_plain(self, index: int, name: str) -> None:
        """Store a result in TFLite's order."""
        self._plain[index] = name

    def set_channels_first(self, index: int, name: str) -> None:
        """Store a result with its channels first."""
        self._channels_first[index] = name

    def is_channels_first(self, index: int) -> bool:
        """Tell whether a tensor lies with its channels first, and not in TFLite's order."""
        return index in self._channels_first and index not in self._plain

    def plain(self, index: int) -> str:
        """Return the ONNX name of a tensor in TFLite's order."""
        if index not in self._plain:
            self._plain[index] = self._make_plain(index)
        return self._plain[index]

    def channels_first(self, index: int) -> str:
        """Return the ONNX name of a tensor of four axes with its channels first."""
        self._settle(index)
        return self.unscaled(index)

    def unscaled(self, index: int) -> str:
        """Return the same, for one who multiplies by the tensor's scale himself."""
        if index not in self._channels_first:
            values = self.values(index)
            name = f"{self.name(index)}/channels_first"
            if values is not None:
                turned = values.transpose(CHANNELS_FIRST)
                self._channels_first[index] = self.builder.constant(turned, name=name)
            else:
                self._channels_first[index] = self.builder.node(
                    "Transpose", self.plain(index), name=name, perm=CHANNELS_FIRST
                )
        return self._channels_first[index]

    def unsupported(self, operator: TfliteOperator, what: str) -> WeightsCorrupt:
        """Return the error for an operator that is used in a way which is not converted."""
        return WeightsCorrupt(
            f"{self.graph.subject} cannot be converted: {operator.place}, which computes "
            f"'{self.name(operator.outputs[0])}', has {what}."
        )

    def require_batch(self, condition: bool) -> None:
        """Raise `MixesBatch` where the first axis is open and a condition does not hold."""
        if self.is_batched and not condition:
            raise MixesBatch

    def _make_plain(self, index: int) -> str:
        """Write what brings a tensor into TFLite's order."""
        values = self.values(index)
        if values is not None:
            if values.dtype == np.float16:
                values = values.astype(np.float32)
            return self.builder.constant(values, name=self.name(index))
        self._settle(index)
        name = f"{self.name(index)}/channels_last"
        source = self._channels_first[index]
        return self.builder.node("Transpose", source, name=name, perm=CHANNELS_LAST)

    def _settle(self, index: int) -> None:
        """Write the multiplication or the padding that was left to a convolution."""
        if index in self.padded and index not in self._channels_first:
            self._channels_first[index] = self._written_padding(index)
        if index in self.scales:
            factor = self.builder.number(self.scales.pop(index))
            self._channels_first[index] = self.builder.node(
                "Mul", self._channels_first[index], factor, name=f"{self.name(index)}/scaled"
            )

    def _written_padding(self, index: int) -> str:
        """Write zeros around an image as a node of its own."""
        padded = self.padded[index]
        top, left, bottom, right = padded.pads
        pads = self.builder.integers(0, 0, top, left, 0, 0, bottom, right)
        source = self.channels_first(padded.source)
        return self.builder.node("Pad", source, pads, name=self.name(index))
