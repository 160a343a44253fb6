"""Opens ONNX files in ONNX Runtime, on the device that was asked for or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import BackendError, WeightsCorrupt
from .devices import PROVIDERS, onnx_runtime

if TYPE_CHECKING:
    import onnxruntime

_ERRORS_ONLY = 3
_LONGEST_REASON = 200


def open_session(path: Path, *, device: str, n_threads: int) -> onnxruntime.InferenceSession:
    """Load a file on a device that ONNX Runtime offers.

    Parameters
    ----------
    path : the file
    device : one of `PROVIDERS`
    n_threads : threads that share one run; 0 lets ONNX Runtime take all cores

    Raises
    ------
    BackendError
        The device does not load it.
    WeightsCorrupt
        The CPU does not load it: it is no usable ONNX file.
    """
    runtime = onnx_runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    # Else idle threads burn a core each, which decoding needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_mem_pattern = device != "directml"  # DirectML refuses sessions with it
    providers = [PROVIDERS[device]]
    if device != "cpu":
        providers.append(PROVIDERS["cpu"])  # for operators that the device lacks
    try:
        # ONNX Runtime's own way back to the CPU talks on stdout, where results are read.
        session = runtime.InferenceSession(
            str(path), options, providers=providers, enable_fallback=0
        )
    except Exception as error:  # ONNX Runtime's errors share no base but Exception
        if device != "cpu":
            raise BackendError(
                f"Weights '{path}' cannot be loaded on '{device}': {reason_of(error)}."
            ) from error
        raise WeightsCorrupt(
            f"Weights '{path}' cannot be loaded on '{device}': {reason_of(error)}. "
            "Run `mien models verify`, or install them again."
        ) from error
    if PROVIDERS[device] not in session.get_providers():  # it goes on without, and tells nobody
        raise BackendError("ONNX Runtime could not start it")
    return session


def reason_of(error: BaseException) -> str:
    """Return the first line of an error, short enough for a sentence."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].strip().rstrip(".")[:_LONGEST_REASON]
