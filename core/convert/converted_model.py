"""What an import makes of an authors' file, and what it is checked against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..arrays import AnyArray, Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class ConvertedModel:
    """A network as an ONNX file of ours.

    `name` is the weights' name for `find_weights`. From the arrays `example` the file must compute
    `expected`, which is what `reference` computed from the authors' own.
    """

    name: str
    engine: str
    onnx: bytes
    example: Mapping[str, AnyArray]
    expected: Mapping[str, Float32Array]
    reference: str
