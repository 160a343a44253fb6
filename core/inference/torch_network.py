"""Runs our networks with torch, from the weights within the same ONNX files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import AnyArray
from ..errors import BackendError, ShapeError
from .network import NamedArrays

if TYPE_CHECKING:
    from ..convert.onnx_export import Graph


class TorchNetwork:
    """The torch definition of a network, filled with the weights of its ONNX file.

    Parameters
    ----------
    path : the ONNX file
    device : any of torch's, for example cpu, cuda, mps

    Raises
    ------
    BackendError
        torch is missing or has no such device.
    WeightsCorrupt
        The file is no network of ours.
    """

    def __init__(self, path: Path, *, device: str = "cpu") -> None:
        try:
            import torch

            from ..convert.onnx_weights import graph_from_onnx
        except ImportError as error:
            raise BackendError(
                f"Network '{path.name}' cannot run with torch: {error}. "
                "Install it with: pip install 'mien[convert]'"
            ) from error
        graph = graph_from_onnx(path.read_bytes(), subject=f"Weights '{path}'")
        self._name = path.name
        self._torch = torch
        try:
            self._device = torch.device(device)
            self._graph: Graph | None = graph.to(self._device)
        except (RuntimeError, AssertionError) as error:  # torch raises either for a missing device
            raise BackendError(
                f"Device '{device}' is not available: torch {torch.__version__} says "
                f"'{str(error).splitlines()[0]}'. Choose cpu."
            ) from error

    def run(self, **inputs: AnyArray) -> NamedArrays:
        """Run the network; see `Network.run`."""
        if self._graph is None:
            raise BackendError(f"Network '{self._name}' was closed and cannot run. Open it again.")
        if inputs.keys() != {"image"}:
            raise ShapeError(
                f"Network '{self._name}' takes the inputs ['image'], got {sorted(inputs)}"
            )
        image = inputs["image"]
        wanted = (*self._graph.image_size, 3)
        if image.shape[1:] != wanted or not len(image) or image.dtype != np.uint8:
            raise ShapeError(
                f"image of network '{self._name}' must have shape (n, {wanted[0]}, {wanted[1]}, 3) "
                f"and type uint8, got {image.shape} and {image.dtype}"
            )
        with self._torch.inference_mode():
            tensor = self._torch.from_numpy(np.ascontiguousarray(image)).to(self._device)
            results = self._graph(tensor)
        arrays = [result.cpu().numpy() for result in results]
        return dict(zip(self._graph.output_names, arrays, strict=True))

    def close(self) -> None:
        """Free the network."""
        self._graph = None
