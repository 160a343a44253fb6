"""Runs ONNX files with ONNX Runtime."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import AnyArray
from ..errors import BackendError, ShapeError, WeightsCorrupt
from .library import load_library
from .network import NamedArrays

if TYPE_CHECKING:
    import onnxruntime

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}
"""Our names of devices, and ONNX Runtime's names of what runs there."""

OLDEST_ONNXRUNTIME = (1, 18)
"""1.17 does not read IR version 10, in which our files are."""

_ERRORS_ONLY = 3
_DTYPES = {"tensor(uint8)": np.uint8, "tensor(float)": np.float32, "tensor(int64)": np.int64}


class OnnxNetwork:
    """An ONNX file loaded into ONNX Runtime.

    Parameters
    ----------
    path : the file
    device : cpu, cuda, coreml or directml
    n_threads : threads that share one run; 0 lets ONNX Runtime take all cores

    Raises
    ------
    BackendError
        ONNX Runtime is missing, broken or too old, or has no such device.
    WeightsCorrupt
        The file is no usable ONNX file.
    """

    def __init__(self, path: Path, *, device: str = "cpu", n_threads: int = 1) -> None:
        self._name = path.name
        self._session: onnxruntime.InferenceSession | None = _open_session(
            path, device=device, n_threads=n_threads
        )
        self._output_names = [node.name for node in self._session.get_outputs()]
        self._inputs = {
            node.name: (tuple(node.shape), np.dtype(_DTYPES[node.type]))
            for node in self._session.get_inputs()
        }

    def run(self, **inputs: AnyArray) -> NamedArrays:
        """Run the network; see `Network.run`."""
        if self._session is None:
            raise BackendError(f"Network '{self._name}' was closed and cannot run. Open it again.")
        self._check(inputs)
        results = self._session.run(self._output_names, inputs)
        return dict(zip(self._output_names, results, strict=True))

    def close(self) -> None:
        """Free the session."""
        self._session = None

    def _check(self, inputs: NamedArrays) -> None:
        """Raise unless the inputs are those that the file declares."""
        if inputs.keys() != self._inputs.keys():
            raise ShapeError(
                f"Network '{self._name}' takes the inputs {sorted(self._inputs)}, "
                f"got {sorted(inputs)}"
            )
        for name, array in inputs.items():
            shape, dtype = self._inputs[name]
            fits = array.ndim == len(shape) and all(
                found == wanted or (not isinstance(wanted, int) and found > 0)
                for found, wanted in zip(array.shape, shape, strict=True)
            )
            if not fits or array.dtype != dtype:
                shape_text = "(" + ", ".join(str(length) for length in shape) + ")"
                raise ShapeError(
                    f"{name} of network '{self._name}' must have shape {shape_text} and type "
                    f"{dtype}, got {array.shape} and {array.dtype}"
                )


def available_devices() -> list[str]:
    """Return our names of the devices that the installed ONNX Runtime can use.

    Raises
    ------
    BackendError
        ONNX Runtime is missing, broken or too old.
    """
    present = _import_onnxruntime().get_available_providers()
    return [device for device, provider in PROVIDERS.items() if provider in present]


def _open_session(path: Path, *, device: str, n_threads: int) -> onnxruntime.InferenceSession:
    """Load a file on a device."""
    runtime = _import_onnxruntime()
    available = available_devices()
    if device not in available:
        raise BackendError(
            f"Device '{device}' is not available: the installed ONNX Runtime "
            f"{runtime.__version__} offers {', '.join(available)}. Choose one of these, or install "
            "the ONNX Runtime package made for the device."
        )
    options = runtime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    # Else idle threads burn a core each, which decoding needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = [PROVIDERS[device]]
    if device != "cpu":
        providers.append(PROVIDERS["cpu"])  # for operators that the device lacks
    try:
        return runtime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # ONNX Runtime's errors share no base but Exception
        raise WeightsCorrupt(
            f"Weights '{path}' cannot be loaded on '{device}': {str(error).strip()[:300]}. "
            "Run `mien models verify`, or install them again."
        ) from error


def _import_onnxruntime() -> Any:
    """Return ONNX Runtime's module, told to keep to itself.

    1.31 on Linux counts its users: a number for this machine in the home folder, and messages to
    its maker. It asks this variable once, when it is loaded.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    return load_library(
        "onnxruntime", name="ONNX Runtime", package="onnxruntime", oldest=OLDEST_ONNXRUNTIME
    )
