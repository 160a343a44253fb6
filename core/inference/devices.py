"""What can run networks: devices by name, which of them are there, and what to do if one fails."""

from __future__ import annotations

import os
import threading
from typing import Any

from ..errors import ArgumentError, BackendError
from .library import load_library

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}
"""Our names of devices, and ONNX Runtime's names of what runs there."""

OLDEST_ONNXRUNTIME = (1, 18)
"""1.17 does not read IR version 10, in which our files are."""

_NEEDS = {
    "cpu": "the Python package 'onnxruntime'",
    "cuda": "an NVIDIA graphics card with its driver, CUDA and cuDNN, and the Python package "
    "'onnxruntime-gpu' in place of 'onnxruntime'",
    "coreml": "macOS, where the Python package 'onnxruntime' holds it",
    "directml": "Windows, and the Python package 'onnxruntime-directml' in place of 'onnxruntime'",
}


class Device:
    """Where the networks of one capture run.

    A device may be offered and still not work: its driver is missing, it lacks memory or an
    operator. Then the CPU does the work. The networks share this object, so that the first of them
    to find out spares the others the trial, and the artist reads about it once.

    Parameters
    ----------
    name : cpu, cuda, coreml or directml

    Raises
    ------
    ArgumentError
        There is no such device.
    """

    def __init__(self, name: str) -> None:
        if name not in PROVIDERS:
            raise ArgumentError(
                f"There is no device '{name}'. Choose one of {', '.join(PROVIDERS)}."
            )
        self.name = name
        self._warning = ""
        self._lock = threading.Lock()

    @property
    def in_use(self) -> str:
        """Name of what networks run on: the device, or the CPU for want of it."""
        return "cpu" if self._warning else self.name

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the artist: none, or one on how the device failed."""
        return (self._warning,) if self._warning else ()

    def give_up(self, network: str, *, reason: str) -> None:
        """Take the CPU from now on, because the device does not run a network."""
        with self._lock:
            self._warning = self._warning or (
                f"Device '{self.name}' does not work: {reason} (network '{network}'). The CPU did "
                f"its work; the result is the CPU's. '{self.name}' needs {_NEEDS[self.name]}."
            )


def available_devices() -> list[str]:
    """Return our names of the devices that the installed ONNX Runtime can use.

    Raises
    ------
    BackendError
        ONNX Runtime is missing, broken or too old.
    """
    present = onnx_runtime().get_available_providers()
    return [device for device, provider in PROVIDERS.items() if provider in present]


def check_device(name: str) -> None:
    """Raise unless the installed ONNX Runtime offers a device; whether it works is seen later.

    Raises
    ------
    ArgumentError
        There is no such device.
    BackendError
        ONNX Runtime lacks it, or is missing, broken or too old.
    """
    Device(name)
    offered = available_devices()
    if name not in offered:
        raise BackendError(
            f"Device '{name}' is not available: the installed ONNX Runtime "
            f"{onnx_runtime().__version__} offers {', '.join(offered) or 'nothing'}. "
            f"'{name}' needs {_NEEDS[name]}. Install that, or choose a device that is offered."
        )


def onnx_runtime() -> Any:
    """Return ONNX Runtime's module, told to keep to itself.

    1.31 on Linux counts its users: a number for this machine in the home folder, and messages to
    its maker. It asks this variable once, when it is loaded.

    Raises
    ------
    BackendError
        It is missing, broken or too old.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    return load_library(
        "onnxruntime", name="ONNX Runtime", package="onnxruntime", oldest=OLDEST_ONNXRUNTIME
    )
