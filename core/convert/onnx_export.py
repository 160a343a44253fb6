"""Torch networks → ONNX files with our contract: bytes of an RGB image in, named results out.

Every graph takes `image`, uint8 of shape (n, height, width, 3), so that crops go in as they are.
"""

from __future__ import annotations

import logging
import warnings
from typing import Protocol

import onnx
import torch
from torch import Tensor, nn

from ..networks.attention_mesh import AttentionMesh
from ..networks.blazeface import BlazeFace
from ..networks.facemesh import FaceMesh
from .onnx_builder import OPSET, store_in_16_bits
from .wide_channels import widen_channels
from .written_out_prelu import write_out_prelus

NETWORK_PREFIX = "network."
"""Weights are named as in the network's state dict behind this, and before `HALF_SUFFIX` where they
are stored in 16 bits."""


class LandmarkGraph(nn.Module):
    """`image` (n, 192, 192, 3) → `landmarks` (n, 468 or 478, 3) crop pixels, `presence` (n,)."""

    image_size = (192, 192)
    input_scale = 1 / 255
    output_names = ("landmarks", "presence")

    def __init__(self, network: FaceMesh | AttentionMesh) -> None:
        super().__init__()
        self.network = write_out_prelus(network)
        _scale_first_weights(self.network, self.input_scale)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Convert, run, squash."""
        landmarks, logit = self.network(_channels_first(image.to(torch.float32)))
        return landmarks, torch.sigmoid(logit)


class DetectorGraph(nn.Module):
    """`image` (n, 128, 128, 3) → `scores` (n, 896) logits, `boxes` (n, 896, 16) raw."""

    image_size = (128, 128)
    input_scale = 1 / 127.5
    output_names = ("scores", "boxes")

    def __init__(self, network: BlazeFace) -> None:
        super().__init__()
        self.network = widen_channels(network)
        _scale_first_weights(self.network, self.input_scale)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Convert and run."""
        # Centred before the network pads with zeros: its zero is the byte 127.5, not 0.
        scores, boxes = self.network(_channels_first(image.to(torch.float32) - 127.5))
        return scores, boxes


Graph = LandmarkGraph | DetectorGraph


class ImageGraph(Protocol):
    """What can be exported: a torch module that takes `image`, and says what it gives."""

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the image."""
        ...

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the results, in their order."""
        ...

    def eval(self) -> nn.Module:
        """Return the module itself, ready to compute."""
        ...


def onnx_from_graph(graph: ImageGraph) -> bytes:
    """Export a graph, with a batch axis of any length `n`, as the bytes of an ONNX file.

    The same weights and the same versions of torch and onnxscript give the same bytes. Weights
    that 16-bit floats hold exactly, as the authors' files do, are stored so, with a Cast that ONNX
    Runtime carries out once while loading.
    """
    example = torch.zeros((2, *graph.image_size, 3), dtype=torch.uint8)
    exporter_log = logging.getLogger("torch.onnx")
    level = exporter_log.level
    exporter_log.setLevel(logging.ERROR)  # it warns about torchvision, which nothing here needs
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecations inside of the exporter itself
            program = torch.onnx.export(
                graph.eval(),
                (example,),
                dynamo=True,
                opset_version=OPSET,
                input_names=["image"],
                output_names=list(graph.output_names),
                dynamic_shapes={"image": {0: torch.export.Dim("n")}},
                verbose=False,
            )
    finally:
        exporter_log.setLevel(level)
    return _finished(program.model_proto)  # type: ignore[union-attr]


def _scale_first_weights(network: nn.Module, factor: float) -> None:
    """Multiply the first convolution's weights, not its bias: its input is bigger."""
    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    first.weight.data = first.weight.data * factor


def _channels_first(image: Tensor) -> Tensor:
    """Reorder (n, h, w, 3) to (n, 3, h, w)."""
    return image.permute(0, 3, 1, 2)


def _finished(model: onnx.ModelProto) -> bytes:
    """Strip what depends on the machine, store weights in 16 bits, check, and serialise."""
    _strip(model)
    store_in_16_bits(model.graph)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _strip(model: onnx.ModelProto) -> None:
    """Remove the exporter's notes: they hold paths of the machine and versions."""
    model.producer_name, model.producer_version, model.doc_string = "mien", "", ""
    del model.metadata_props[:], model.graph.metadata_props[:], model.graph.value_info[:]
    parts = (model.graph.node, model.graph.input, model.graph.output, model.graph.initializer)
    for part in (part for kind in parts for part in kind):
        part.doc_string = ""
        if hasattr(part, "metadata_props"):
            del part.metadata_props[:]
