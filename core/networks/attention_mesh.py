"""Attention mesh: a 192×192 crop of a face → 478 landmarks, with lips, eyes and irises refined.

A trunk finds the 468 points of FaceMesh. Around the lips and either eye, as these points have them,
spatial transformers cut upright windows out of its early features; branches of their own find the
points there again, more exactly, and the irises.

The authors' branches are alike but for their weights. Here they lie side by side, as groups of
channels: a fourth of the operations, and three fourths of the time in ONNX Runtime.

References
----------
I. Grishchenko, A. Ablavatski, Y. Kartynnik, K. Raveendran, M. Grundmann, "Attention Mesh:
High-fidelity Face Mesh Prediction in Real-time", 2020. arXiv:2006.10962. The layers and the three
operations of its own follow MediaPipe's `face_landmark_with_attention.tflite` (Apache-2.0).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from .attention_points import IRIS, LEFT_EYE, LIPS, N_MESH, N_RING, RIGHT_EYE, merging_order
from .residual_block import ResidualBlock, pad_bottom_right

INPUT_SIZE_PX = 192
N_LANDMARKS = 478
FEATURES_SIZE = 48
"""Rows and columns of the features that windows are cut out of: four pixels of the crop each."""
WINDOW_SIZE = 16
WINDOW_MARGIN = 1.5
"""A window's sides over those of the box around its points."""
WINDOWS = ((LIPS, (61, 291)), (LEFT_EYE, (33, 133)), (RIGHT_EYE, (362, 263)))
"""Points within a window, and those between which it is level."""
WINDOW_OF_TAIL = (0, 1, 1, 2, 2)
"""Lips, left eye, left iris, right eye, right iris: an iris shares the window of its eye."""
N_OF_TAIL = (len(LIPS), len(LEFT_EYE), IRIS, len(RIGHT_EYE), IRIS)


class AttentionMesh(nn.Module):
    """The 478-point network, 1,189,277 parameters. Left and right are the image's, as its own."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(  # (n, 3, 192, 192)
            nn.Conv2d(3, 16, 3, stride=2),  # (n, 16, 96, 96); padded in forward
            nn.PReLU(16),
            *_blocks(16, 16, 16, (32, 2)),  # (n, 32, 48, 48)
        )
        self.trunk = nn.Sequential(  # (n, 32, 48, 48)
            *_blocks(32, 32, 32),
            *_blocks(32, (64, 2), 64, 64),
            *_blocks(64, (128, 2), 128, 128),
            *_blocks(128, (128, 2), 128, 128),
            *_blocks(128, (128, 2), 128, 128),  # (n, 128, 3, 3)
            nn.Conv2d(128, 32, 1),
            nn.PReLU(32),
            *_blocks(32, 32),  # (n, 32, 3, 3)
        )
        self.mesh = nn.Conv2d(32, 3 * N_MESH, 3)
        self.presence = nn.Conv2d(32, 1, 3)
        n_windows, n_tails = len(WINDOWS), len(WINDOW_OF_TAIL)
        self.branches = nn.Sequential(  # (n, 3 · 32, 16, 16)
            *_blocks(32, 32, 32, (64, 2), 64, 64, (128, 2), n_groups=n_windows)
        )
        self.tails = nn.Sequential(  # (n, 5 · 128, 4, 4)
            *_blocks(128, 128, 128, (128, 2), 128, 128, n_groups=n_tails),  # (n, 5 · 128, 2, 2)
            nn.Conv2d(n_tails * 128, n_tails * 32, 1, groups=n_tails),
            nn.PReLU(n_tails * 32),
            *_blocks(32, 32, n_groups=n_tails),  # (n, 5 · 32, 2, 2)
        )
        self.refined = nn.ModuleList(nn.Conv2d(32, 2 * count, 2) for count in N_OF_TAIL)
        # Not weights: neither saved nor trained.
        longest = max(len(points) for points, _ in WINDOWS)
        filled = [(*points, *points[:1] * (longest - len(points))) for points, _ in WINDOWS]
        self.register_buffer("points", torch.tensor(filled), persistent=False)
        self.register_buffer("ends", torch.tensor([ends for _, ends in WINDOWS]), persistent=False)
        self.register_buffer("window_of", torch.tensor(WINDOW_OF_TAIL), persistent=False)
        self.register_buffer("order", torch.tensor(merging_order()), persistent=False)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Find the landmarks.

        Parameters
        ----------
        image : shape (n, 3, 192, 192), RGB in 0 to 1

        Returns
        -------
        landmarks : shape (n, 478, 3), pixels of the crop; x and y from the crop's top left edge, z
            negative toward the camera; 468 to 472 are the iris on the image's left, 473 to 477 the
            other, each its centre, right, top, left and bottom
        logit : shape (n,); presence = sigmoid(logit)
        """
        features = self.stem(pad_bottom_right(image))  # (n, 32, 48, 48)
        deep = self.trunk(features)  # (n, 32, 3, 3)
        mesh = self.mesh(deep).reshape(-1, N_MESH, 3)
        windows = windows_around(mesh[..., :2], self.points, ends=self.ends)  # type: ignore[arg-type]
        cells = features.permute(0, 2, 3, 1).flatten(0, 2)  # (n · 48 · 48, 32)
        shared = self.branches(sampled(cells, windows).flatten(1, 2))  # (n, 3 · 128, 4, 4)
        by_window = shared.unflatten(1, (len(WINDOWS), -1))[:, self.window_of]
        last = self.tails(by_window.flatten(1, 2)).unflatten(1, (len(N_OF_TAIL), -1))
        found = [mesh[..., :2]]
        for tail, refine in enumerate(self.refined):
            raw = refine(last[:, tail]).reshape(-1, N_OF_TAIL[tail], 2)
            found.append(in_crop(raw, windows.of(WINDOW_OF_TAIL[tail])))
        flat = torch.cat(found, 1)[:, self.order]  # type: ignore[index]
        depth = mesh[..., 2]
        rings = depth[:, self.points[1:, :N_RING]].mean(2)  # type: ignore[index]
        irises = rings[..., None].expand(-1, -1, IRIS).flatten(1)
        landmarks = torch.cat([flat, torch.cat([depth, irises], 1)[..., None]], 2)
        return landmarks, self.presence(deep).reshape(-1)


class Windows(NamedTuple):
    """features_from_window: `turn` (n, k, 2, 2) and `shift` (n, k, 1, 2), in cells of both."""

    turn: Tensor
    shift: Tensor

    def of(self, window: int) -> Windows:
        """Return one of the k, as (n, 2, 2) and (n, 1, 2)."""
        return Windows(self.turn[:, window], self.shift[:, window])


def windows_around(mesh: Tensor, points: Tensor, *, ends: Tensor) -> Windows:
    """Lay windows around points, each level with the line from one end to the other.

    Width and height scale separately: a window of open eyes is as high as one of shut ones.

    Parameters
    ----------
    mesh : shape (n, n_mesh, 2), pixels of the crop
    points : shape (k, m), which points each window has; some may stand there twice
    ends : shape (k, 2)
    """
    cells = mesh * (FEATURES_SIZE / INPUT_SIZE_PX)
    tips = cells[:, ends]  # (n, k, 2, 2)
    along = tips[:, :, 1] - tips[:, :, 0]
    along = along / along.norm(dim=2, keepdim=True).clamp_min(1e-12)
    across = torch.stack([-along[..., 1], along[..., 0]], 2)
    axes = torch.stack([along, across], 3)  # (n, k, 2, 2), columns are the window's axes
    level = cells[:, points] @ axes  # (n, k, m, 2), coordinates along the axes
    low, high = level.amin(2, keepdim=True), level.amax(2, keepdim=True)
    turn = axes * (high - low) * (WINDOW_MARGIN / WINDOW_SIZE)
    centre = (low + high) / 2 @ axes.transpose(2, 3)
    middle = torch.full_like(centre, WINDOW_SIZE / 2)
    return Windows(turn, centre - middle @ turn.transpose(2, 3))


def sampled(cells: Tensor, windows: Windows) -> Tensor:
    """Cut windows out of features, bilinearly; beyond them all is 0.

    Gathered by hand: ONNX Runtime's GridSample takes eight times as long.

    Parameters
    ----------
    cells : shape (n · 48 · 48, 32), the features of all images cell by cell

    Returns
    -------
    shape (n, k, 32, 16, 16)
    """
    steps = torch.arange(WINDOW_SIZE, dtype=cells.dtype, device=cells.device) + 0.5
    grid = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), 2).reshape(1, 1, -1, 2)
    places = grid @ windows.turn.transpose(2, 3) + windows.shift - 0.5  # (n, k, 256, 2)
    last = FEATURES_SIZE - 1.0
    # No sample is half within: whatever lies beyond the outer cells' centres counts as nothing.
    is_within = ((places >= 0.0) & (places <= last)).all(3, keepdim=True).to(cells.dtype)
    low = places.clamp(0.0, last - 1.0).floor()
    part = places - low
    image = torch.arange(places.shape[0], device=cells.device) * FEATURES_SIZE**2
    first = (low[..., 1] * FEATURES_SIZE + low[..., 0]).to(torch.int64) + image[:, None, None]
    corners = torch.tensor([0, 1, FEATURES_SIZE, FEATURES_SIZE + 1], device=cells.device)
    across = torch.stack([1.0 - part[..., 0], part[..., 0]], 3)
    down = torch.stack([1.0 - part[..., 1], part[..., 1]], 3) * is_within
    weights = (down[..., :, None] * across[..., None, :]).flatten(3)  # (n, k, 256, 4)
    picked = cells[first[..., None] + corners]  # (n, k, 256, 4, 32)
    cut = (picked * weights[..., None]).sum(3)
    return cut.transpose(2, 3).reshape(*cut.shape[:2], -1, WINDOW_SIZE, WINDOW_SIZE)


def in_crop(points: Tensor, window: Windows) -> Tensor:
    """Lay a tail's points, 64 to a window's side, on the crop: (n, count, 2), pixels."""
    pixels_per_cell = INPUT_SIZE_PX / FEATURES_SIZE
    return points @ window.turn.transpose(1, 2) + pixels_per_cell * window.shift


def _blocks(n_in: int, *widths: int | tuple[int, int], n_groups: int = 1) -> list[ResidualBlock]:
    """Return blocks in a row, each a width, or a width and a stride; a learned slope a channel."""
    blocks = []
    for entry in widths:
        n_out, stride = (entry, 1) if isinstance(entry, int) else entry
        slopes = nn.PReLU(n_groups * n_out)
        blocks.append(
            ResidualBlock(n_in, n_out, stride=stride, activation=slopes, n_groups=n_groups)
        )
        n_in = n_out
    return blocks
