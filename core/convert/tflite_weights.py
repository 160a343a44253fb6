"""Reads the weights of a TFLite file by tensor name."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import AnyArray, Float32Array
from ..errors import BackendError, WeightsCorrupt

TFLITE_IDENTIFIER = b"TFL3"
"""Bytes 4 to 8 of every TFLite file."""


def read_tflite(data: bytes, *, subject: str) -> dict[str, Float32Array]:
    """Return every constant float tensor of a TFLite file's first graph.

    Tensors stored as 16-bit floats come back as the 32-bit floats that the file's own DEQUANTIZE
    operators would make of them.

    Parameters
    ----------
    data : the file
    subject : what to call it in a message

    Raises
    ------
    WeightsCorrupt
        The file is no TFLite file or its tables point outside of it.
    BackendError
        The package that reads the format is missing.
    """
    model = model_class(data, subject=subject)
    try:
        return _read_tensors(model.GetRootAs(data, 0))
    except Exception as error:  # flatbuffers raises struct.error, IndexError, TypeError and more
        raise WeightsCorrupt(
            f"{subject} is a damaged TFLite file: its tables cannot be read ({error}). "
            "Get the file again."
        ) from error


def model_class(data: bytes, *, subject: str) -> Any:
    """Return what reads a TFLite file, once the file says that it is one.

    Raises
    ------
    WeightsCorrupt, BackendError
        It is none; the package that reads the format is missing.
    """
    try:
        from tflite.Model import Model  # type: ignore[import-untyped,unused-ignore]
    except ImportError as error:
        raise BackendError(
            f"{subject} cannot be read: the Python package 'tflite' is missing. "
            "Install it with: pip install 'mien[convert]'"
        ) from error
    if data[4:8] != TFLITE_IDENTIFIER:
        raise WeightsCorrupt(
            f"{subject} is not a TFLite file: its bytes 4 to 8 are {data[4:8]!r}, "
            f"expected {TFLITE_IDENTIFIER!r}. Get the file again."
        )
    return Model


def _read_tensors(model: object) -> dict[str, Float32Array]:
    """Return the constants of graph 0 by name."""
    from tflite.TensorType import TensorType  # type: ignore[import-untyped,unused-ignore]

    types = {TensorType.FLOAT16: "<f2", TensorType.FLOAT32: "<f4"}
    graph = model.Subgraphs(0)  # type: ignore[attr-defined]
    tensors: dict[str, Float32Array] = {}
    for index in range(graph.TensorsLength()):
        tensor = graph.Tensors(index)
        buffer: AnyArray | int = model.Buffers(tensor.Buffer()).DataAsNumpy()  # type: ignore[attr-defined]
        if isinstance(buffer, int) or tensor.Type() not in types:
            continue  # an activation without a buffer, or a table of integers
        values = np.frombuffer(buffer.tobytes(), types[tensor.Type()])
        shape = [tensor.Shape(axis) for axis in range(tensor.ShapeLength())]
        tensors[tensor.Name().decode()] = values.reshape(shape).astype(np.float32)
    return tensors
