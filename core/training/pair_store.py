"""Pairs on disk, in files of 500, so that training can begin while more are made."""

from __future__ import annotations

import multiprocessing
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..arrays import Float32Array, ImageArray, IndexArray
from ..errors import TrainingDataError
from .pair_maker import PairMaker

PAIRS_A_FILE = 500
_ARRAYS = ("image", "amounts", "landmarks_px", "facemesh_px", "yaw_rad", "kind")


@dataclass(frozen=True, slots=True)
class PairFile:
    """Pairs as arrays, one row each; see `Pair`."""

    image: ImageArray
    amounts: Float32Array
    landmarks_px: Float32Array
    facemesh_px: Float32Array
    yaw_rad: Float32Array
    kind: IndexArray

    def __len__(self) -> int:
        """How many pairs there are."""
        return len(self.image)


def pair_path(folder: Path, number: int, *, held_out: bool = False) -> Path:
    """Return where a file of pairs lies."""
    return folder / f"{'held_out' if held_out else 'pairs'}_{number:04d}.npz"


def make_pairs(maker: PairMaker, first: int, count: int) -> PairFile:
    """Make pairs first … first + count − 1."""
    pairs = [maker.pair(index) for index in range(first, first + count)]
    return PairFile(
        image=np.stack([pair.image for pair in pairs]),
        amounts=np.stack([pair.amounts for pair in pairs]),
        landmarks_px=np.stack([pair.landmarks_px for pair in pairs]),
        facemesh_px=np.stack([pair.facemesh_px for pair in pairs]),
        yaw_rad=np.array([pair.yaw_rad for pair in pairs], np.float32),
        kind=np.array([int(pair.kind) for pair in pairs], np.int32),
    )


def write_pairs(path: Path, pairs: PairFile) -> None:
    """Write pairs; nothing half-written is left under the name.

    Raises
    ------
    TrainingDataError
        The disk is full, or refuses.
    """
    beside = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            np.savez(file, **{name: getattr(pairs, name) for name in _ARRAYS})
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise TrainingDataError(
            f"Pairs cannot be written to '{path}': {error.strerror}. Free some space (a file takes "
            "about 50 MB), or name another folder."
        ) from error


def read_pairs(path: Path) -> PairFile:
    """Read what `write_pairs` wrote.

    Raises
    ------
    TrainingDataError
        The file is missing or damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return PairFile(**{name: arrays[name] for name in _ARRAYS})
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise TrainingDataError(
            f"The pairs '{path}' cannot be read ({error}). Delete the file: it is made again."
        ) from error


def fill_store(
    maker: PairMaker, folder: Path, *, n_files: int, held_out: bool = False
) -> Iterator[int]:
    """Make the files that are not there yet; yields the number of each as it is written."""
    for number in range(n_files):
        path = pair_path(folder, number, held_out=held_out)
        if not path.exists():
            write_pairs(path, make_pairs(maker, number * PAIRS_A_FILE, PAIRS_A_FILE))
            yield number


def fill_in_background(
    maker: PairMaker, folder: Path, *, n_files: int
) -> multiprocessing.process.BaseProcess:
    """Make the missing files in a process of its own, which is forked and ends with this one."""
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_fill, args=(maker, folder, n_files), daemon=True)
    process.start()
    return process


def _fill(maker: PairMaker, folder: Path, n_files: int) -> None:
    """Fill the store; run in its own process."""
    import cv2

    cv2.setNumThreads(1)
    os.nice(1)
    for _ in fill_store(maker, folder, n_files=n_files):
        pass
