"""How far the network is off on made faces of people that it never saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..arrays import BoolArray, Float64Array, FloatArray
from ..evaluate.scores import YAW_BINS as YAW_BINS
from ..evaluate.scores import box_normalised_errors as box_normalised_errors
from ..networks.position_map import PositionMapNetwork
from .augmentation import moved_crop, random_move, worn_picture
from .batches import network_input
from .face_model import MIRRORED_68
from .face_render import CROP_SIZE
from .pair_store import PairFile

_BATCH = 50


@dataclass(frozen=True, slots=True)
class YawScores:
    """Errors of the 68 points over √(width · height) of their box.

    `share` (3,) is the mean per yaw bin, `count` (3,) how many faces each bin holds; `all_share`
    the mean over all faces. `lids` says how well the eyes' openings are found on faces up to 30°:
    their slope over the true ones, and the correlation; 1 is perfect, 0 a face that never blinks.
    """

    share: Float64Array
    count: Float64Array
    all_share: float
    lids: tuple[float, float]

    def __str__(self) -> str:
        """Say the errors in percent."""
        parts = [
            f"{low:.0f}–{high:.0f}: {100.0 * share:.2f} %"
            for (low, high), share in zip(YAW_BINS, self.share, strict=True)
        ]
        slope, correlation = self.lids
        return (
            f"NME {', '.join(parts)}; all {100.0 * self.all_share:.2f} %; "
            f"lids: slope {slope:.2f}, correlation {correlation:.2f}"
        )


def scores_per_yaw(points: FloatArray, truth: FloatArray, yaw_rad: FloatArray) -> YawScores:
    """Average the errors of points (n, 68, 3) in bins of |yaw| (n,), radians."""
    errors = box_normalised_errors(points, truth)
    yaw = np.degrees(np.abs(yaw_rad))
    chosen = [(yaw >= low) & (yaw < high) for low, high in YAW_BINS]
    share = [float(errors[some].mean()) if some.any() else float("nan") for some in chosen]
    count = np.array([some.sum() for some in chosen], np.float64)
    return YawScores(np.array(share), count, float(errors.mean()), _lids(points, truth, chosen[0]))


def _lids(points: FloatArray, truth: FloatArray, chosen: BoolArray) -> tuple[float, float]:
    """Return slope and correlation of the eyes' openings with the true ones."""
    if chosen.sum() < 2:
        return float("nan"), float("nan")
    found, wanted = (eye_openings(values[chosen]).ravel() for values in (points, truth))
    return (
        float(np.polyfit(wanted, found, 1)[0]),
        float(np.corrcoef(wanted, found)[0, 1]),
    )


def eye_openings(points: FloatArray) -> Float64Array:
    """Return how far the lids of 68 points (n, 68, 2 or 3) are apart, in eye widths: (n, 2)."""
    xy = points[..., :2].astype(np.float64)
    openings = []
    for outer, upper_a, upper_b, inner, lower_b, lower_a in (range(36, 42), range(42, 48)):
        height = np.linalg.norm(xy[:, [upper_a, upper_b]] - xy[:, [lower_a, lower_b]], axis=-1)
        width = np.linalg.norm(xy[:, outer] - xy[:, inner], axis=-1)
        openings.append(height.mean(axis=1) / np.maximum(width, 1e-9))
    return np.stack(openings, axis=1)


@torch.no_grad()
def evaluate(
    network: PositionMapNetwork,
    files: Sequence[PairFile],
    *,
    at_landmarks: Tensor,
    is_worn: bool = True,
    seed: int = 0,
) -> YawScores:
    """Measure a network on pairs, each in one crop that is moved and worn as in training.

    Parameters
    ----------
    network : in evaluation mode
    files : pairs of people kept out of training
    at_landmarks : shape (n_basis, 68), the basis at the landmarks
    is_worn : whether colours, blur, noise and compression are changed too
    seed : of the crops
    """
    found, wanted, yaws = [], [], []
    device = next(network.parameters()).device
    for pairs in files:
        for start in range(0, len(pairs), _BATCH):
            rows = range(start, min(start + _BATCH, len(pairs)))
            crops, truths = [], []
            for row in rows:
                rng = np.random.default_rng((seed, row, 3))
                move = random_move(rng)
                crop = moved_crop(pairs.image[row], move)
                crops.append(worn_picture(rng, crop) if is_worn else crop)
                truth = move.points(pairs.landmarks_px[row])
                truths.append(truth[list(MIRRORED_68)] if move.is_mirrored else truth)
            image = torch.from_numpy(np.stack(crops)).to(device)
            amounts, _ = network(network_input(image))
            points = torch.einsum("nkc,kp->npc", amounts, at_landmarks.to(device))
            found.append(points.cpu().numpy() + CROP_SIZE / 2.0)
            wanted.append(np.stack(truths))
            yaws.append(pairs.yaw_rad[rows.start : rows.stop])
    return scores_per_yaw(np.concatenate(found), np.concatenate(wanted), np.concatenate(yaws))
