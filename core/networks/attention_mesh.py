"""Attention mesh: a 192×192 crop of a face → 478 landmarks, with lips, eyes and irises refined.

A trunk finds the 468 points of FaceMesh. Around the lips and either eye, as these points have them,
spatial transformers cut upright windows out of its early features; branches of their own find the
points there again, more exactly, and the irises.

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


class AttentionMesh(nn.Module):
    """The 478-point network, 1,189,277 parameters. Left and right are the image's, as its own."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(  # (n, 3, 192, 192)
            nn.Conv2d(3, 16, 3, stride=2),  # (n, 16, 96, 96); padded in forward
            nn.PReLU(16),
            _block(16, 16),
            _block(16, 16),
            _block(16, 32, stride=2),  # (n, 32, 48, 48)
        )
        self.trunk = nn.Sequential(  # (n, 32, 48, 48)
            *_blocks(32, 32, 32),
            *_blocks(32, (64, 2), 64, 64),
            *_blocks(64, (128, 2), 128, 128),
            *_blocks(128, (128, 2), 128, 128),
            *_blocks(128, (128, 2), 128, 128),  # (n, 128, 3, 3)
            nn.Conv2d(128, 32, 1),
            nn.PReLU(32),
            _block(32, 32),  # (n, 32, 3, 3)
        )
        self.mesh = nn.Conv2d(32, 3 * N_MESH, 3)
        self.presence = nn.Conv2d(32, 1, 3)
        self.lips_trunk = _branch_trunk()
        self.lips = _branch_tail(len(LIPS))
        self.left_eye_trunk = _branch_trunk()
        self.left_eye = _branch_tail(len(LEFT_EYE))
        self.left_iris = _branch_tail(IRIS)
        self.right_eye_trunk = _branch_trunk()
        self.right_eye = _branch_tail(len(RIGHT_EYE))
        self.right_iris = _branch_tail(IRIS)
        # Not weights: neither saved nor trained.
        for name, indices in (("at_lips", LIPS), ("at_left", LEFT_EYE), ("at_right", RIGHT_EYE)):
            self.register_buffer(name, torch.tensor(indices), persistent=False)
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
        rows = features.permute(0, 2, 3, 1).flatten(0, 2)  # (n · 48 · 48, 32)
        mesh = self.mesh(deep).reshape(-1, N_MESH, 3)
        found = [mesh[..., :2]]
        for subset, ends, trunk, tails in (
            (self.at_lips, (61, 291), self.lips_trunk, (self.lips,)),
            (self.at_left, (33, 133), self.left_eye_trunk, (self.left_eye, self.left_iris)),
            (self.at_right, (362, 263), self.right_eye_trunk, (self.right_eye, self.right_iris)),
        ):
            window = _window_around(mesh, subset, ends=ends)  # type: ignore[arg-type]
            shared = trunk(_sampled(rows, window))  # (n, 128, 4, 4)
            found.extend(_in_crop(tail(shared), window) for tail in tails)
        flat = torch.cat(found, 1)[:, self.order]  # type: ignore[index]
        depth = mesh[..., 2]
        rings = [
            depth[:, subset[:N_RING]].mean(1, keepdim=True).expand(-1, IRIS)  # type: ignore[index]
            for subset in (self.at_left, self.at_right)
        ]
        landmarks = torch.cat([flat, torch.cat([depth, *rings], 1)[..., None]], 2)
        return landmarks, self.presence(deep).reshape(-1)


class Window(NamedTuple):
    """features_from_window: `turn` (n, 2, 2) and `shift` (n, 1, 2), in cells of both grids."""

    turn: Tensor
    shift: Tensor


def _window_around(mesh: Tensor, subset: Tensor, *, ends: tuple[int, int]) -> Window:
    """Lay a window around points, level with the line from one end to the other.

    Width and height scale separately: a window of open eyes is as high as one of shut ones.
    """
    cells = mesh[..., :2] * (FEATURES_SIZE / INPUT_SIZE_PX)
    along = cells[:, ends[1]] - cells[:, ends[0]]
    along = along / along.norm(dim=1, keepdim=True).clamp_min(1e-12)
    across = torch.stack([-along[:, 1], along[:, 0]], 1)
    axes = torch.stack([along, across], 2)  # (n, 2, 2), columns are the window's axes
    level = cells[:, subset] @ axes  # coordinates along the axes
    low, high = level.amin(1, keepdim=True), level.amax(1, keepdim=True)
    turn = axes * (high - low) * (WINDOW_MARGIN / WINDOW_SIZE)
    centre = (low + high) / 2 @ axes.transpose(1, 2)
    middle = torch.full_like(centre, WINDOW_SIZE / 2)
    return Window(turn, centre - middle @ turn.transpose(1, 2))


def _sampled(rows: Tensor, window: Window) -> Tensor:
    """Cut a window out of features, bilinearly; beyond them all is 0.

    Gathered by hand: ONNX Runtime's GridSample takes eight times as long.

    Parameters
    ----------
    rows : shape (n · 48 · 48, 32), the features of all images cell by cell

    Returns
    -------
    shape (n, 32, 16, 16)
    """
    steps = torch.arange(WINDOW_SIZE, dtype=rows.dtype, device=rows.device) + 0.5
    cells = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), 2).reshape(1, -1, 2)
    places = cells @ window.turn.transpose(1, 2) + window.shift - 0.5  # (n, 256, 2)
    last = FEATURES_SIZE - 1.0
    # No sample is half within: whatever lies beyond the outer cells' centres counts as nothing.
    is_within = ((places >= 0.0) & (places <= last)).all(2, keepdim=True).to(rows.dtype)
    low = places.clamp(0.0, last - 1.0).floor()
    part = places - low
    image = torch.arange(places.shape[0], device=rows.device)[:, None] * FEATURES_SIZE**2
    start = image + (low[..., 1] * FEATURES_SIZE + low[..., 0]).to(torch.int64)  # (n, 256)
    right, down = part[..., :1], part[..., 1:]
    corners = (
        (0, (1.0 - right) * (1.0 - down)),
        (1, right * (1.0 - down)),
        (FEATURES_SIZE, (1.0 - right) * down),
        (FEATURES_SIZE + 1, right * down),
    )
    cut = sum(rows[start + offset] * (weight * is_within) for offset, weight in corners)
    assert isinstance(cut, Tensor)
    return cut.transpose(1, 2).reshape(-1, rows.shape[1], WINDOW_SIZE, WINDOW_SIZE)


def _in_crop(values: Tensor, window: Window) -> Tensor:
    """Lay a branch's points, 64 to a window's side, on the crop: (n, 2·k, 1, 1) → (n, k, 2)."""
    points = values.reshape(-1, values.shape[1] // 2, 2)
    pixels_per_cell = INPUT_SIZE_PX / FEATURES_SIZE
    return points @ window.turn.transpose(1, 2) + pixels_per_cell * window.shift


def _branch_trunk() -> nn.Sequential:
    """Return what the contour and the iris of an eye share: (n, 32, 16, 16) → (n, 128, 4, 4)."""
    return nn.Sequential(*_blocks(32, 32, 32, (64, 2), 64, 64, (128, 2)))


def _branch_tail(n_points: int) -> nn.Sequential:
    """Return what finds points: (n, 128, 4, 4) → (n, 2 · n_points, 1, 1)."""
    return nn.Sequential(
        *_blocks(128, 128, 128, (128, 2), 128, 128),  # (n, 128, 2, 2)
        nn.Conv2d(128, 32, 1),
        nn.PReLU(32),
        _block(32, 32),
        nn.Conv2d(32, 2 * n_points, 2),
    )


def _blocks(n_in: int, *widths: int | tuple[int, int]) -> list[ResidualBlock]:
    """Return blocks in a row, each a width, or a width and a stride."""
    blocks = []
    for entry in widths:
        n_out, stride = (entry, 1) if isinstance(entry, int) else entry
        blocks.append(_block(n_in, n_out, stride=stride))
        n_in = n_out
    return blocks


def _block(n_in: int, n_out: int, *, stride: int = 1) -> ResidualBlock:
    """Return a block with one learned slope a channel."""
    return ResidualBlock(n_in, n_out, stride=stride, activation=nn.PReLU(n_out))
