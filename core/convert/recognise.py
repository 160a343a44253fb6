"""Tells by its content which network a weight file holds, and builds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..arrays import Float32Array, ImageArray
from ..errors import WeightsCorrupt
from ..networks.attention_mesh import AttentionMesh
from ..networks.blazeface import BlazeFace
from ..networks.facemesh import FaceMesh
from .converted_model import ConvertedModel
from .mediapipe_weights import (
    attention_mesh_state_dict,
    blazeface_state_dict,
    facemesh_state_dict,
)
from .onnx_export import DetectorGraph, Graph, LandmarkGraph, onnx_from_graph
from .task_bundle import is_damaged_archive
from .tflite_weights import TFLITE_IDENTIFIER, read_tflite
from .torch_weights import is_torch_file, read_state_dict

SUPPORTED = (
    "Supported are MediaPipe's face_landmark.tflite, face_landmark_with_attention.tflite, "
    "face_detection_short_range.tflite and face_detection_full_range_sparse.tflite, its bundle "
    "face_landmarker.task with the models in it, facemesh.pth, and the TensorFlow checkpoints of "
    "PRNet and L-PRNet (name the file that ends with .index)."
)


AnyNetwork = FaceMesh | AttentionMesh | BlazeFace


@dataclass(frozen=True, slots=True, eq=False)
class RecognisedModel:
    """A network as its authors compute it, and what we export of it.

    `name` is the weights' name for `find_weights`.
    """

    name: str
    engine: str
    network: AnyNetwork
    graph: Graph


def convert_recognised(data: bytes, *, subject: str) -> ConvertedModel:
    """Convert a network that torch defines, with what torch computes from an example.

    Raises
    ------
    WeightsUnsafe, WeightsCorrupt
        As of `recognise`.
    """
    model = recognise(data, subject=subject)
    shape = (2, *model.graph.image_size, 3)
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    return ConvertedModel(
        name=model.name,
        engine=model.engine,
        onnx=onnx_from_graph(model.graph),
        example={"image": image},
        expected=reference_results(model.network, image),
        reference="torch",
    )


def recognise(data: bytes, *, subject: str) -> RecognisedModel:
    """Build the network that a file holds.

    Parameters
    ----------
    data : the file
    subject : what to call it in a message

    Raises
    ------
    WeightsUnsafe
        The file is a pickle of more than plain tensors. It was not run.
    WeightsCorrupt
        The file is damaged, or of a kind that is not supported.
    """
    if data[4:8] == TFLITE_IDENTIFIER:
        tensors = read_tflite(data, subject=subject)
        candidates = _states_from_tflite(tensors)
        found = _described("a TFLite file", {name: t.shape for name, t in tensors.items()})
    elif is_torch_file(data):
        state = read_state_dict(data, subject=subject)
        candidates = [state]
        found = _described("a torch file", {name: tuple(t.shape) for name, t in state.items()})
    else:
        raise WeightsCorrupt(f"{subject} is {_unknown_kind(data)}. {SUPPORTED}")
    for state in candidates:
        for network in (FaceMesh(), AttentionMesh(), BlazeFace()):
            if _fits(network, state):
                _fill(network, state, subject=subject)
                return _model(network)
    raise WeightsCorrupt(f"{subject} is {found}, which no network of Mien has. {SUPPORTED}")


def reference_results(network: AnyNetwork, image: ImageArray) -> dict[str, Float32Array]:
    """Compute with the network as its authors define it what its ONNX file should give.

    Parameters
    ----------
    network : with its weights
    image : shape (n, size, size, 3), RGB, of the network's own size
    """
    values = torch.from_numpy(image).permute(0, 3, 1, 2).to(torch.float32)
    with torch.inference_mode():
        if isinstance(network, FaceMesh | AttentionMesh):
            landmarks, logit = network(values / 255)
            return {"landmarks": landmarks.numpy(), "presence": torch.sigmoid(logit).numpy()}
        scores, boxes = network(values / 127.5 - 1)
        return {"scores": scores.numpy(), "boxes": boxes.numpy()}


def _states_from_tflite(tensors: Mapping[str, Float32Array]) -> list[dict[str, Tensor]]:
    """Return a state dict for each network whose tensors are all there."""
    states = []
    for state_from in (facemesh_state_dict, attention_mesh_state_dict, blazeface_state_dict):
        try:
            states.append(state_from(tensors))
        except WeightsCorrupt:  # lacks a tensor: it is another network
            continue
    return states


def _fits(network: nn.Module, state: Mapping[str, Tensor]) -> bool:
    """Tell whether a state dict has the network's names and shapes."""
    own = network.state_dict()
    return own.keys() == state.keys() and all(
        own[key].shape == tensor.shape for key, tensor in state.items()
    )


def _fill(network: nn.Module, state: Mapping[str, Tensor], *, subject: str) -> None:
    """Load weights that must be finite numbers."""
    for key, tensor in state.items():
        if not torch.isfinite(tensor).all():
            raise WeightsCorrupt(
                f"{subject} holds infinite or undefined numbers in '{key}'. Get the file again."
            )
    network.load_state_dict(state)
    network.eval()


def _model(network: AnyNetwork) -> RecognisedModel:
    """Name a filled network."""
    if isinstance(network, FaceMesh):
        return RecognisedModel("face_landmark_468", "facemesh-468", network, LandmarkGraph(network))
    if isinstance(network, AttentionMesh):
        return RecognisedModel("face_landmark_478", "facemesh", network, LandmarkGraph(network))
    return RecognisedModel(
        "face_detection_short_range", "blazeface-short-range", network, DetectorGraph(network)
    )


def _described(kind: str, shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Say what tensors a file holds."""
    first = [f"'{name}' {tuple(shape)}" for name, shape in list(shapes.items())[:3]]
    more = ", …" if len(shapes) > len(first) else ""
    return f"{kind} of {len(shapes)} tensors ({', '.join(first) or 'none'}{more})"


def _unknown_kind(data: bytes) -> str:
    """Say what a file is that is neither TFLite nor torch."""
    if not data:
        return "empty"
    if is_damaged_archive(data):
        return "a damaged zip archive"
    return f"of an unknown kind (its first bytes are {data[:8]!r})"
