"""Runs ONNX files with ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import AnyArray
from ..errors import BackendError, ShapeError
from .devices import Device, check_device
from .network import NamedArrays
from .onnx_session import open_session, reason_of

if TYPE_CHECKING:
    import onnxruntime

_DTYPES = {"tensor(uint8)": np.uint8, "tensor(float)": np.float32, "tensor(int64)": np.int64}


class OnnxNetwork:
    """An ONNX file loaded into ONNX Runtime.

    Where the device does not load the network, or fails at its first run, the CPU runs it instead,
    and the device's `warnings` say so. Later failures are errors: by then it has worked.

    Parameters
    ----------
    path : the file
    device : cpu, cuda, coreml or directml; a `Device` that several networks share
    n_threads : threads that share one run; 0 lets ONNX Runtime take all cores

    Raises
    ------
    ArgumentError
        There is no device of that name.
    BackendError
        ONNX Runtime is missing, broken or too old, or offers no such device.
    WeightsCorrupt
        The file is no usable ONNX file.
    """

    def __init__(self, path: Path, *, device: str | Device = "cpu", n_threads: int = 1) -> None:
        self._path = path
        self._name = path.name
        self._device = Device(device) if isinstance(device, str) else device
        self._n_threads = n_threads
        check_device(self._device.name)
        self._runs_on = self._device.in_use
        self._is_proven = False
        self._session: onnxruntime.InferenceSession | None = self._open()
        self._output_names = [node.name for node in self._session.get_outputs()]
        self._inputs = {
            node.name: (tuple(node.shape), np.dtype(_DTYPES[node.type]))
            for node in self._session.get_inputs()
        }

    def run(self, **inputs: AnyArray) -> NamedArrays:
        """Run the network; see `Network.run`.

        Raises
        ------
        BackendError
            The network was closed, or failed where it had run before.
        """
        if self._session is None:
            raise BackendError(f"Network '{self._name}' was closed and cannot run. Open it again.")
        self._check(inputs)
        if self._runs_on != "cpu" and not self._is_proven:
            found = self._try_device(self._session, inputs)
            self._is_proven = True
            if found is not None:
                return found
            self._session = self._open_on_cpu()
        return self._results(self._session, inputs)

    def close(self) -> None:
        """Free the session."""
        self._session = None

    def _open(self) -> onnxruntime.InferenceSession:
        """Load the file on the device, else on the CPU."""
        if self._runs_on == "cpu":
            return self._open_on_cpu()
        try:
            return open_session(self._path, device=self._runs_on, n_threads=self._n_threads)
        except BackendError as error:
            session = self._open_on_cpu()  # first: a damaged file says nothing about the device
            self._device.give_up(self._name, reason=reason_of(error.__cause__ or error))
            return session

    def _open_on_cpu(self) -> onnxruntime.InferenceSession:
        """Load the file on the CPU."""
        self._runs_on = "cpu"
        return open_session(self._path, device="cpu", n_threads=self._n_threads)

    def _try_device(
        self, session: onnxruntime.InferenceSession, inputs: NamedArrays
    ) -> NamedArrays | None:
        """Run on the device for the first time; None, and the device given up, where it fails."""
        if self._device.in_use == "cpu":  # another network has found out
            return None
        try:
            results = self._results(session, inputs)
        except BackendError as error:
            self._device.give_up(self._name, reason=reason_of(error.__cause__ or error))
            return None
        if all(np.isfinite(array).all() for array in results.values()):
            return results
        self._device.give_up(self._name, reason="it computes what is not a number")
        return None

    def _results(self, session: onnxruntime.InferenceSession, inputs: NamedArrays) -> NamedArrays:
        """Run a session and name its results."""
        try:
            results = session.run(self._output_names, inputs)
        except MemoryError:
            raise
        except Exception as error:  # ONNX Runtime's errors share no base but Exception
            advice = (
                "Choose the device cpu."
                if self._runs_on != "cpu"
                else "Run `mien models verify`, or install its weights again."
            )
            raise BackendError(
                f"Network '{self._name}' failed on device '{self._runs_on}': {reason_of(error)}. "
                + advice
            ) from error
        return dict(zip(self._output_names, results, strict=True))

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
