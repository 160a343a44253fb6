"""Takes the authors' own weight files: checks, converts and stores them for the user.

A file's kind is told by its content, never by its name. Importing this module needs numpy alone;
torch and the converters load when a file is taken that needs them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import BackendError, WeightsCorrupt, WeightsMissing
from ..inference.onnx_network import OnnxNetwork
from ..inference.weights import MANIFEST_FILE, WeightFile, read_manifest, user_folder
from .checkpoint_place import find_index
from .tensorflow_checkpoint import read_checkpoint

if TYPE_CHECKING:
    from .converted_model import ConvertedModel

MAX_BYTES = 1 << 30
"""No supported file comes near; a film given by mistake is refused before it is read."""

MAX_DIFFERENCE = 1e-2
"""How far a conversion may be from its source, in crop pixels and logits. Measured: 2e-4."""


def import_model(path: Path, *, folder: Path | None = None) -> tuple[WeightFile, ...]:
    """Recognise, check and convert a weight file, and store it with an entry in the manifest.

    From then on `find_weights` prefers it to the bundled file of the same name. A task bundle gives
    several networks: all of them are stored, or none.

    Parameters
    ----------
    path : the authors' file; of a TensorFlow checkpoint any, or its folder
    folder : where to store; the user's own when None

    Raises
    ------
    WeightsMissing
        The file, or one that belongs to it, cannot be read.
    WeightsUnsafe
        It could run code, or write outside of its folder; nothing of it was run or unpacked.
    WeightsCorrupt
        It is damaged, or of a kind that is not supported.
    BackendError
        torch or another package of `mien[convert]` is missing; the converted network does not
        compute what its source does; the folder cannot be written.
    """
    path = find_index(path) or path
    data = _read(path)
    subject = f"Weights '{path.name}'"
    try:
        models = _converted(path, data, subject=subject)
    except ImportError as error:
        raise BackendError(
            f"{subject} cannot be imported: {error}. Importing needs torch and converters; "
            "install them with: pip install 'mien[convert]'"
        ) from error
    folder = folder or user_folder()
    origin = f"imported from '{path.name}', SHA-256 {hashlib.sha256(data).hexdigest()}"
    weights = tuple(_described(model, folder=folder, origin=origin) for model in models)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _store(weights, models)
    except OSError as error:
        raise _cannot_store(subject, folder, error) from error
    return weights


def _converted(path: Path, data: bytes, *, subject: str) -> Sequence[ConvertedModel]:
    """Convert what a file, or the checkpoint that it is the index of, holds."""
    if find_index(path) is None:
        from .authors_file import convert_file

        return convert_file(data, subject=subject)
    checkpoint = read_checkpoint(path, data)
    from .checkpoint_networks import convert_checkpoint

    return [convert_checkpoint(checkpoint)]


def _described(model: ConvertedModel, *, folder: Path, origin: str) -> WeightFile:
    """Return the entry that a converted network will have."""
    return WeightFile(
        name=model.name,
        path=folder / f"{model.name}.onnx",
        sha256=hashlib.sha256(model.onnx).hexdigest(),
        origin=origin,
        licence="that of the imported file",
        engine=model.engine,
        is_bundled=False,
    )


def _read(path: Path) -> bytes:
    """Return a file's bytes."""
    try:
        n_bytes = path.stat().st_size
        if n_bytes > MAX_BYTES:
            raise WeightsCorrupt(
                f"Weights '{path.name}' have {n_bytes} bytes, more than any supported file "
                f"({MAX_BYTES}). Check that this is the right file."
            )
        return path.read_bytes()
    except OSError as error:
        raise WeightsMissing(
            f"Weights '{path}' cannot be read: {error.strerror}. Check the path and the file's "
            "permissions."
        ) from error


def _cannot_store(subject: str, folder: Path, error: OSError) -> BackendError:
    """Return the error for a folder that cannot be written."""
    return BackendError(
        f"{subject} cannot be stored in '{folder}': {error.strerror}. Make room there, or name "
        "another folder in the environment variable MIEN_USER_DIR."
    )


def _store(weights: tuple[WeightFile, ...], models: Sequence[ConvertedModel]) -> None:
    """Write converted files, all checked before one takes its name, and their manifest entries."""
    beside = [entry.path.with_name(f".{entry.name}.partial.onnx") for entry in weights]
    try:
        for path, model in zip(beside, models, strict=True):
            path.write_bytes(model.onnx)
            _check_arithmetic(path, model)
        for path, entry in zip(beside, weights, strict=True):
            path.replace(entry.path)
        _record(weights)
    finally:
        for path in beside:
            path.unlink(missing_ok=True)


def _check_arithmetic(path: Path, model: ConvertedModel) -> None:
    """Raise unless ONNX Runtime computes from a file what its source computes."""
    network = OnnxNetwork(path)
    try:
        results = network.run(**model.example)
    finally:
        network.close()
    for name, expected in model.expected.items():
        difference = float(np.abs(results[name] - expected).max())
        if not difference <= MAX_DIFFERENCE:  # also where it is not a number
            raise BackendError(
                f"The conversion to '{model.name}' failed: {name} differ by {difference:g} between "
                f"{model.reference} and ONNX Runtime, expected at most {MAX_DIFFERENCE:g}. Report "
                "this with the versions of torch and onnxruntime."
            )


def _record(weights: tuple[WeightFile, ...]) -> None:
    """Put files into their folder's manifest, in place of earlier ones of their names."""
    folder = weights[0].path.parent
    names = {entry.name for entry in weights}
    others = [w for w in read_manifest(folder, is_bundled=False) if w.name not in names]
    entries = [
        {
            "file": entry.path.name,
            "sha256": entry.sha256,
            "engine": entry.engine,
            "origin": entry.origin,
            "licence": entry.licence,
        }
        for entry in (*others, *weights)
    ]
    beside = folder / f".{MANIFEST_FILE}.partial"
    beside.write_text(json.dumps({"format": 1, "assets": entries}, indent=2) + "\n", "utf-8")
    beside.replace(folder / MANIFEST_FILE)
