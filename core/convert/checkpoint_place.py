"""Finds the files of a TensorFlow checkpoint, whichever of them someone names."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import WeightsCorrupt, WeightsMissing
from .leveldb_table import MAGIC, is_table

_SHARD = re.compile(r"(.+)\.data-\d{5}-of-\d{5}")
_INDEX_SUFFIX = ".index"
_SAVED_MODEL, _VARIABLES = "saved_model.pb", "variables"


def find_index(path: Path) -> Path | None:
    """Return a checkpoint's index, None where a path is of no checkpoint.

    Parameters
    ----------
    path : the index, a shard, the name that both begin with, a SavedModel's `saved_model.pb`, or a
        folder that holds one checkpoint

    Raises
    ------
    WeightsMissing
        A shard without its index; a folder without a checkpoint.
    WeightsCorrupt
        A folder with several checkpoints.
    """
    if path.is_dir():
        return _index_in(path)
    if path.name == _SAVED_MODEL:
        return _index_in(path.parent)
    shard = _SHARD.fullmatch(path.name)
    if shard:
        index = path.with_name(shard[1] + _INDEX_SUFFIX)
        if not index.is_file():
            raise WeightsMissing(
                f"Checkpoint file '{path.name}' cannot be imported without its index "
                f"'{index.name}'. Put both into one folder."
            )
        return index
    beside = path.with_name(path.name + _INDEX_SUFFIX)
    if not path.exists() and beside.is_file():
        return beside
    return path if path.suffix == _INDEX_SUFFIX or _ends_as_a_table(path) else None


def _index_in(folder: Path) -> Path:
    """Return the one index in a folder, or in a SavedModel's folder of variables."""
    found = sorted(folder.glob("*" + _INDEX_SUFFIX))
    found = found or sorted((folder / _VARIABLES).glob("*" + _INDEX_SUFFIX))
    if not found:
        raise WeightsMissing(
            f"Folder '{folder}' holds no TensorFlow checkpoint: no file there ends with "
            f"'{_INDEX_SUFFIX}'. Name the file to import."
        )
    if len(found) > 1:
        names = ", ".join(f"'{path.name}'" for path in found[:4])
        raise WeightsCorrupt(
            f"Folder '{folder}' holds {len(found)} checkpoints: {names}. Name the one to import."
        )
    return found[0]


def _ends_as_a_table(path: Path) -> bool:
    """Tell whether a file under any other name is an index; one that cannot be read is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(size - len(MAGIC), 0))
            return is_table(file.read())
    except OSError:
        return False
