"""Our ONNX files → torch graphs with the same weights; needs torch, not the package `onnx`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from ..arrays import Float32Array
from ..errors import WeightsCorrupt
from ..networks.attention_mesh import AttentionMesh
from ..networks.blazeface import BlazeFace
from ..networks.facemesh import FaceMesh
from .onnx_builder import HALF_SUFFIX
from .onnx_export import NETWORK_PREFIX, DetectorGraph, Graph, LandmarkGraph
from .protobuf_wire import read_fields, read_integers, read_messages

# Field numbers of ONNX's ModelProto, GraphProto and TensorProto (Apache-2.0), and its type numbers.
_GRAPH, _INITIALIZER = 7, 5
_DIMS, _DATA_TYPE, _NAME, _RAW_DATA = 1, 2, 8, 9
_DTYPES = {1: "<f4", 10: "<f2"}


def graph_from_onnx(data: bytes, *, subject: str) -> Graph:
    """Build the torch graph that an ONNX file of ours was exported from.

    Parameters
    ----------
    data : the file
    subject : what to call it in a message

    Raises
    ------
    WeightsCorrupt
        The file is damaged, or no network of ours.
    """
    weights = read_onnx_weights(data, subject=subject)
    for network, graph_class in (
        (FaceMesh(), LandmarkGraph),
        (AttentionMesh(), LandmarkGraph),
        (BlazeFace(), DetectorGraph),
    ):
        if any(key.startswith(_head_of(network)) for key in weights):
            _load(network, weights, input_scale=graph_class.input_scale, subject=subject)
            graph: Graph = graph_class(network)  # type: ignore[arg-type]
            return graph.eval()
    raise WeightsCorrupt(
        f"{subject} holds no network that Mien knows: its {len(weights)} tensors begin with "
        f"{sorted(weights)[:3]}. FaceMesh 468, the attention mesh of 478 and "
        "BlazeFace short range are supported."
    )


def read_onnx_weights(data: bytes, *, subject: str) -> dict[str, Float32Array]:
    """Return the float tensors that an ONNX file of ours stores, by their name in the network."""
    try:
        graph = read_messages(read_fields(data), _GRAPH)[0]
        tensors = read_messages(graph, _INITIALIZER)
        weights = {}
        for tensor in tensors:
            (dtype,) = read_integers(tensor, _DATA_TYPE)
            if dtype not in _DTYPES:
                continue  # shapes of Reshape
            name, raw = tensor[_NAME][0], tensor[_RAW_DATA][0]
            assert isinstance(name, bytes) and isinstance(raw, bytes)
            values = np.frombuffer(raw, _DTYPES[dtype]).astype(np.float32)
            key = name.decode().removesuffix(HALF_SUFFIX).removeprefix(NETWORK_PREFIX)
            weights[key] = values.reshape(read_integers(tensor, _DIMS))
    except (WeightsCorrupt, IndexError, KeyError, ValueError, AssertionError) as error:
        raise WeightsCorrupt(
            f"{subject} is damaged: it cannot be read as ONNX ({error}). Get the file again."
        ) from error
    return weights


def _head_of(network: nn.Module) -> str:
    """Return the name of the network's last module, which only this network has."""
    return list(network.state_dict())[-1].partition(".")[0]


def _load(
    network: nn.Module, weights: Mapping[str, Float32Array], *, input_scale: float, subject: str
) -> None:
    """Fill a network, undoing what the export did to the weights."""
    state: dict[str, Tensor] = {}
    first = next(iter(network.state_dict()))
    for key, parameter in network.state_dict().items():
        slope_key = key.removesuffix("weight") + "below.weight"
        if slope_key in weights:
            values = weights[slope_key].reshape(-1)
        elif key in weights:
            values = weights[key]
        elif key.endswith(".bias"):
            values = np.zeros(parameter.shape, np.float32)  # the exporter drops biases of zero
        else:
            raise WeightsCorrupt(f"{subject} lacks the tensor '{key}'. Get the file again.")
        if key == first:
            values = values / np.float32(input_scale)
        values = _narrowed(values, tuple(parameter.shape))
        if values.shape != tuple(parameter.shape):
            raise WeightsCorrupt(
                f"Tensor '{key}' of {subject} has shape {values.shape}, expected "
                f"{tuple(parameter.shape)}. Get the file again."
            )
        state[key] = torch.from_numpy(np.array(values, np.float32))
    network.load_state_dict(state)


def _narrowed(values: Float32Array, shape: tuple[int, ...]) -> Float32Array:
    """Cut off the channels that the export appended, unless there is anything in them."""
    if values.ndim != len(shape):
        return values
    narrow = values[tuple(slice(length) for length in shape)]
    return narrow if np.count_nonzero(narrow) == np.count_nonzero(values) else values
