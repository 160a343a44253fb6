"""Finds weight files, checks their SHA-256, and opens them.

Two folders hold them: `assets/`, which comes with the extension, and the user's own, where imported
files lie. Each has a manifest beside the files. A file of the user's wins over a bundled one of the
same name.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from ..errors import ArgumentError, WeightsCorrupt, WeightsMissing
from ..user_folder import USER_FOLDER_VARIABLE as USER_FOLDER_VARIABLE
from ..user_folder import user_folder as user_folder
from .devices import Device
from .network import Network
from .onnx_network import OnnxNetwork
from .torch_network import TorchNetwork

MANIFEST_FILE = "assets.json"
BACKENDS = ("onnx", "torch")


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A file listed in a manifest; `name` is the file's without its suffix."""

    name: str
    path: Path
    sha256: str
    origin: str
    licence: str
    engine: str
    is_bundled: bool


def assets_folder() -> Path:
    """Return the folder of the files that come with the extension."""
    return Path(__file__).resolve().parents[2] / "assets"


def open_network(
    name: str, *, device: str | Device = "cpu", n_threads: int = 1, backend: str = "onnx"
) -> Network:
    """Find a network's weights, check them, and load them.

    Parameters
    ----------
    name : of the weights, for example face_landmark_468; `network` lists them
    device : cpu, cuda, coreml or directml, or a `Device` that several networks share; with torch
        the name of any of torch's own
    n_threads : threads that share one run, 0 for all cores; torch has its own setting
    backend : onnx, or torch where it is installed

    Raises
    ------
    ArgumentError
        There is no such backend or device.
    WeightsMissing, WeightsCorrupt
        The weights are not there, or not what they should be.
    BackendError
        The library is missing or has no such device.
    """
    if backend not in BACKENDS:
        raise ArgumentError(f"backend must be one of {', '.join(BACKENDS)}, got {backend!r}")
    path = find_weights(name).path
    if backend == "torch":
        return TorchNetwork(path, device=device if isinstance(device, str) else device.name)
    return OnnxNetwork(path, device=device, n_threads=n_threads)


def find_weights(name: str) -> WeightFile:
    """Find a weight file by name and check it.

    Parameters
    ----------
    name : for example face_landmark_468

    Raises
    ------
    WeightsMissing
        No manifest lists it, or the file is not where its manifest is.
    WeightsCorrupt
        The file's SHA-256 is not the manifest's, or a manifest cannot be read.
    """
    listed = list_weights()
    for weights in listed:
        if weights.name == name:
            check_weights(weights)
            return weights
    known = ", ".join(sorted({weights.name for weights in listed})) or "none"
    raise WeightsMissing(
        f"Weights '{name}' are missing from '{user_folder()}' and '{assets_folder()}'; found: "
        f"{known}. Import them with `mien models import FILE`, or install Mien again."
    )


def list_weights() -> list[WeightFile]:
    """Return what the manifests list, the user's files first, unchecked.

    Raises
    ------
    WeightsCorrupt
        A manifest cannot be read.
    """
    return [
        *read_manifest(user_folder(), is_bundled=False),
        *read_manifest(assets_folder(), is_bundled=True),
    ]


def verify_weights() -> dict[WeightFile, str]:
    """Check every listed file; return what is wrong with each, an empty text where nothing is."""
    return {weights: _complaint(weights) for weights in list_weights()}


def check_weights(weights: WeightFile) -> None:
    """Raise unless a file is there and has the listed SHA-256.

    Raises
    ------
    WeightsMissing, WeightsCorrupt
        The file is not there; it was changed.
    """
    remedy = "Install Mien again." if weights.is_bundled else "Import them again."
    try:
        found = hashlib.sha256(weights.path.read_bytes()).hexdigest()
    except OSError as error:
        raise WeightsMissing(
            f"Weights '{weights.path.name}' are missing from '{weights.path.parent}' "
            f"({error.strerror}). {remedy}"
        ) from error
    if found != weights.sha256:
        raise WeightsCorrupt(
            f"Weights '{weights.path}' are damaged: their SHA-256 is {found}, expected "
            f"{weights.sha256}. {remedy}"
        )


def read_manifest(folder: Path, *, is_bundled: bool) -> list[WeightFile]:
    """Read a folder's manifest; a folder without one holds no weights.

    Raises
    ------
    WeightsMissing, WeightsCorrupt
        The system refuses to read the manifest; it is damaged.
    """
    path = folder / MANIFEST_FILE
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise WeightsMissing(
            f"The list of weights '{path}' cannot be read: {error.strerror}. Check the folder"
            + ("." if is_bundled else f", or name another one in {USER_FOLDER_VARIABLE}.")
        ) from error
    try:
        return [
            WeightFile(
                name=Path(entry["file"]).stem,
                path=folder / entry["file"],
                sha256=entry["sha256"],
                origin=entry["origin"],
                licence=entry["licence"],
                engine=entry["engine"],
                is_bundled=is_bundled,
            )
            for entry in json.loads(text)["assets"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsCorrupt(
            f"The list of weights '{path}' is damaged ({error!r}). "
            + ("Install Mien again." if is_bundled else "Delete it and import the weights again.")
        ) from error


def _complaint(weights: WeightFile) -> str:
    """Return what is wrong with a file, or nothing."""
    try:
        check_weights(weights)
    except (WeightsMissing, WeightsCorrupt) as error:
        return str(error)
    return ""
