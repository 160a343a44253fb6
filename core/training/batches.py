"""Batches of crops with their truth: the same for the same seed, step and files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..arrays import Float32Array, FloatArray, ImageArray
from ..landmarks.topology import mirrored_points
from .augmentation import moved_crop, random_move, worn_picture
from .correspondence import N_MESH
from .face_render import CROP_SIZE
from .pair_store import PairFile

Batch = dict[str, Tensor]


class BatchMaker:
    """Draws crops from pairs that are in memory.

    Parameters
    ----------
    sign : shape (n_basis,), how the basis's maps mirror
    seed : of the draws
    """

    def __init__(self, sign: FloatArray, *, seed: int = 0) -> None:
        self._sign = np.asarray(sign, np.float64)
        self._seed = seed
        self._partner = mirrored_points(N_MESH)

    def batch(self, files: Sequence[PairFile], *, step: int, size: int, rank: int = 0) -> Batch:
        """Draw a batch of a step from files."""
        rng = np.random.default_rng((self._seed, step, rank, 7))
        crops: list[ImageArray] = []
        amounts: list[Float32Array] = []
        seen: list[Float32Array] = []
        kinds: list[int] = []
        for _ in range(size):
            pairs = files[rng.integers(len(files))]
            row = int(rng.integers(len(pairs)))
            crop, moved, points = self._drawn(rng, pairs, row)
            crops.append(crop)
            amounts.append(moved)
            seen.append(points)
            kinds.append(int(pairs.kind[row]))
        return {
            "image": torch.from_numpy(np.stack(crops)),
            "amounts": torch.from_numpy(np.stack(amounts)),
            "facemesh": torch.from_numpy(np.stack(seen)),
            "kind": torch.tensor(kinds),
        }

    def _drawn(
        self, rng: np.random.Generator, pairs: PairFile, row: int
    ) -> tuple[ImageArray, Float32Array, Float32Array]:
        """Return one crop, its amounts, and what the engine saw, from the crop's middle."""
        move = random_move(rng)
        crop = worn_picture(rng, moved_crop(pairs.image[row], move))
        points = move.points(pairs.facemesh_px[row]) - CROP_SIZE / 2.0
        if move.is_mirrored:
            points = points[self._partner]
        return crop, move.amounts(pairs.amounts[row], self._sign), points.astype(np.float32)


def network_input(image: Tensor) -> Tensor:
    """Turn bytes (n, 128, 128, 3) into what the network takes: (n, 3, 128, 128), −1 … 1."""
    return image.permute(0, 3, 1, 2).to(torch.float32) / 127.5 - 1.0
