"""`mien models`: the networks' weights."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from ..errors import WeightsCorrupt
from ..inference.weights import WeightFile, list_weights, verify_weights
from .console import Result
from .session import Session


def models(arguments: Namespace, session: Session) -> Result:
    """List, import or verify weights."""
    if arguments.action == "list":
        return _list()
    if arguments.action == "import":
        return _import(arguments)
    return _verify()


def _list() -> Result:
    """List the weights that are there."""
    found = list_weights()
    return Result(
        values={"weights": [_values(weights) for weights in found]},
        lines=tuple(_line(weights) for weights in found),
    )


def _import(arguments: Namespace) -> Result:
    """Convert a file of a network's authors and keep it in the user's folder."""
    from ..convert.model_import import import_model

    imported = import_model(arguments.file)
    return Result(
        values={"weights": [_values(weights) for weights in imported]},
        lines=tuple(
            line
            for weights in imported
            for line in (f"Imported {_line(weights)}", str(weights.path))
        ),
    )


def _verify() -> Result:
    """Check every file's SHA-256.

    Raises
    ------
    WeightsCorrupt
        A file is missing or was changed; the message names each.
    """
    complaints = verify_weights()
    wrong = [text for text in complaints.values() if text]
    if wrong:
        raise WeightsCorrupt("\n".join(wrong))
    return Result(
        values={"weights": [_values(weights) for weights in complaints]},
        lines=tuple(f"ok  {_line(weights)}" for weights in complaints),
    )


def _values(weights: WeightFile) -> dict[str, Any]:
    """Return what `--json` prints of a weight file."""
    return {
        "name": weights.name,
        "engine": weights.engine,
        "path": str(weights.path),
        "sha256": weights.sha256,
        "origin": weights.origin,
        "licence": weights.licence,
        "is_bundled": weights.is_bundled,
    }


def _line(weights: WeightFile) -> str:
    """Return what people are shown of a weight file."""
    place = "bundled" if weights.is_bundled else "imported"
    return f"{weights.name}  ({weights.engine}, {place}, {weights.licence})"
