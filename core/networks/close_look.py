"""A closer look at the eyes: how far lids are apart in a crop of a face.

In one encoder for a whole face what lids ask for is a fortieth of what the pose asks for, and is
not learnt: such a network never blinked. Here a small window is cut out of the crop where a first
look saw each eye; a small network, one for both, says how far the lids are apart; and the amounts
of the maps that faces are mixed from are changed to just that.

References
----------
I. Grishchenko et al., "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time", CVPR
Workshops 2020, for windows where the first look saw something. The layers are our own.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .conv_unit import ConvUnit

CROP_PX = 128
WINDOW_PX = 48
N_WINDOWS = 2
"""The right eye, the left one."""
N_PER_WINDOW = 2
N_OPENINGS = N_WINDOWS * N_PER_WINDOW
_WIDTHS, _HIDDEN = (24, 32, 48), 64
_OPENING_PX = 1.5
"""By about so much openings differ."""


class CloseLook(nn.Module):
    """Changes amounts of maps to the openings that windows show; see `set_openings`."""

    def __init__(self, n_basis: int) -> None:
        super().__init__()
        self.eye = _window_network()
        self.register_buffer("places", torch.zeros(n_basis, N_WINDOWS))
        self.register_buffer("apart", torch.zeros(n_basis, N_OPENINGS))
        self.register_buffer("changes", torch.zeros(N_OPENINGS, n_basis, 2))
        self.register_buffer("mean", torch.zeros(N_OPENINGS, 2))

    places: Tensor
    apart: Tensor
    changes: Tensor
    mean: Tensor

    def set_openings(self, places: Tensor, apart: Tensor, changes: Tensor, mean: Tensor) -> None:
        """Say where the windows are and what opens.

        Parameters
        ----------
        places : shape (n_basis, 2), the maps in the middles of the eyes, the right one first
        apart : shape (n_basis, 4), the difference of the maps at the upper and the lower lid: two
            places of the right eye, the same of the left one
        changes : shape (4, n_basis, 2), amounts that open each by a pixel, along x and along y
        mean : shape (4, 2), how far they are open on average
        """
        for buffer, values in (
            (self.places, places), (self.apart, apart), (self.changes, changes), (self.mean, mean)
        ):  # fmt: skip
            buffer.copy_(values)

    def forward(self, image: Tensor, amounts: Tensor) -> Tensor:
        """Return the amounts (n, n_basis, 3) with the openings that the image shows.

        Parameters
        ----------
        image : shape (n, 3, 128, 128), −1 … 1
        amounts : shape (n, n_basis, 3), of a first look, pixels from the crop's middle
        """
        plane = amounts[..., :2]
        centre = torch.matmul(plane.detach().transpose(1, 2), self.places) + CROP_PX / 2.0
        right, left = windows(image, centre).unbind(dim=1)
        eyes = self.eye(torch.cat([right, left.flip(-1)])).reshape(2, -1, N_PER_WINDOW, 2)
        # Seen in a mirror, the left eye is a right one.
        mirrored = torch.cat([-eyes[1, ..., :1], eyes[1, ..., 1:]], dim=-1)
        opened = self.mean + _OPENING_PX * torch.cat([eyes[0], mirrored], dim=1)  # (n, 4, 2)
        known = torch.matmul(plane.transpose(1, 2), self.apart).transpose(1, 2)
        moved = torch.einsum("noc,okc->nkc", opened - known, self.changes)
        return amounts + nn.functional.pad(moved, (0, 1))


def windows(image: Tensor, centre: Tensor) -> Tensor:
    """Cut squares out of images, at whole pixels; the border goes on beyond it.

    Parameters
    ----------
    image : shape (n, channels, side, side)
    centre : shape (n, 2, n_windows), x and y in pixels

    Returns
    -------
    shape (n, n_windows, channels, 48, 48)
    """
    n, channels, side = image.shape[0], image.shape[1], image.shape[2]
    n_windows = centre.shape[2]
    offset = torch.arange(WINDOW_PX, device=image.device) - WINDOW_PX // 2
    along = torch.round(centre).long()[..., None] + offset  # (n, 2, n_windows, 48)
    along = along.clamp(0, side - 1)
    place = along[:, 1, :, :, None] * side + along[:, 0, :, None, :]
    flat = place.reshape(n, 1, -1).expand(-1, channels, -1)
    found = image.flatten(2).gather(2, flat)
    found = found.reshape(n, channels, n_windows, WINDOW_PX, WINDOW_PX)
    return found.transpose(1, 2)


def _window_network() -> nn.Sequential:
    """Return what looks at a window (n, 3, 48, 48) and says two numbers for each opening."""
    a, b, c = _WIDTHS
    last = nn.Linear(_HIDDEN, 2 * N_PER_WINDOW)
    nn.init.normal_(last.weight, std=0.01)
    nn.init.zeros_(last.bias)
    return nn.Sequential(
        ConvUnit(3, a, size=5, stride=2),  # (n, 24, 24, 24)
        ConvUnit(a, b, stride=2),  # (n, 32, 12, 12)
        ConvUnit(b, b),
        ConvUnit(b, c, stride=2),  # (n, 48, 6, 6)
        nn.Flatten(),
        nn.Linear(c * 36, _HIDDEN),
        nn.ReLU(),
        last,
    )
