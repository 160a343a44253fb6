"""Takes the authors' own weight files: checks, converts and stores them for the user.

A file's kind is told by its content, never by its name. Importing this module needs numpy alone;
torch and the converters load when a file is taken.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import BackendError, WeightsCorrupt, WeightsMissing
from ..inference.onnx_network import OnnxNetwork
from ..inference.weights import MANIFEST_FILE, WeightFile, read_manifest, user_folder

if TYPE_CHECKING:
    from .recognise import RecognisedModel

MAX_BYTES = 1 << 30
"""No supported file comes near; a film given by mistake is refused before it is read."""

MAX_DIFFERENCE = 1e-2
"""How far a conversion may be from its source, in crop pixels and logits. Measured: 2e-4."""


def import_model(path: Path, *, folder: Path | None = None) -> WeightFile:
    """Recognise, check and convert a weight file, and store it with an entry in the manifest.

    From then on `find_weights` prefers it to the bundled file of the same name.

    Parameters
    ----------
    path : the authors' file
    folder : where to store; the user's own when None

    Raises
    ------
    WeightsMissing
        The file cannot be read.
    WeightsUnsafe
        It could run code; nothing of it was run.
    WeightsCorrupt
        It is damaged, or of a kind that is not supported.
    BackendError
        torch or another package of `mien[convert]` is missing; the converted network does not
        compute what its source does; the folder cannot be written.
    """
    data = _read(path)
    subject = f"Weights '{path.name}'"
    try:
        from .onnx_export import onnx_from_graph
        from .recognise import recognise
    except ImportError as error:
        raise BackendError(
            f"{subject} cannot be imported: {error}. Importing needs torch and converters; "
            "install them with: pip install 'mien[convert]'"
        ) from error
    model = recognise(data, subject=subject)
    folder = folder or user_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_store(subject, folder, error) from error
    converted = onnx_from_graph(model.graph)
    weights = WeightFile(
        name=model.name,
        path=folder / f"{model.name}.onnx",
        sha256=hashlib.sha256(converted).hexdigest(),
        origin=f"imported from '{path.name}', SHA-256 {hashlib.sha256(data).hexdigest()}",
        licence="that of the imported file",
        engine=model.engine,
        is_bundled=False,
    )
    try:
        _store(weights, converted, model)
    except OSError as error:
        raise _cannot_store(subject, folder, error) from error
    return weights


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


def _store(weights: WeightFile, converted: bytes, model: RecognisedModel) -> None:
    """Write a converted file, checked before it takes its name, and its manifest entry."""
    beside = weights.path.parent / f".{weights.name}.partial.onnx"
    try:
        beside.write_bytes(converted)
        _check_arithmetic(beside, model)
        beside.replace(weights.path)
        _record(weights)
    finally:
        beside.unlink(missing_ok=True)


def _check_arithmetic(path: Path, model: RecognisedModel) -> None:
    """Raise unless ONNX Runtime computes from a file what torch computes from its source."""
    from .recognise import reference_results

    shape = (2, *model.graph.image_size, 3)
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    network = OnnxNetwork(path)
    try:
        results = network.run(image=image)
    finally:
        network.close()
    for name, expected in reference_results(model.network, image).items():
        difference = float(np.abs(results[name] - expected).max())
        if not difference <= MAX_DIFFERENCE:  # also where it is not a number
            raise BackendError(
                f"The conversion to '{model.name}' failed: {name} differ by {difference:g} between "
                f"torch and ONNX Runtime, expected at most {MAX_DIFFERENCE:g}. Report this with "
                "the versions of torch and onnxruntime."
            )


def _record(weights: WeightFile) -> None:
    """Put a file into its folder's manifest, in place of an earlier one of its name."""
    folder = weights.path.parent
    others = [w for w in read_manifest(folder, is_bundled=False) if w.name != weights.name]
    entries = [
        {
            "file": entry.path.name,
            "sha256": entry.sha256,
            "engine": entry.engine,
            "origin": entry.origin,
            "licence": entry.licence,
        }
        for entry in (*others, weights)
    ]
    beside = folder / f".{MANIFEST_FILE}.partial"
    beside.write_text(json.dumps({"format": 1, "assets": entries}, indent=2) + "\n", "utf-8")
    beside.replace(folder / MANIFEST_FILE)
