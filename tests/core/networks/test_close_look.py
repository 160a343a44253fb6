"""Windows lie where they should, and the openings are what they show."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from mien.core.networks.close_look import (  # noqa: E402
    N_OPENINGS,
    N_PER_WINDOW,
    WINDOW_PX,
    CloseLook,
    windows,
)

N_BASIS = 40
MIRRORED = [2, 3, 0, 1]
"""Whose opening is whose in the mirror."""


def test_a_window_is_cut_where_it_is_asked_for_and_the_border_goes_on():
    image = torch.randn(2, 3, 128, 128)
    centre = torch.tensor([[[64.4, 3.0, 125.0], [70.6, 120.0, 2.0]]]).repeat(2, 1, 1)
    half = WINDOW_PX // 2
    wide = np.pad(image.numpy(), ((0, 0), (0, 0), (half, half), (half, half)), mode="edge")
    found = windows(image, centre).numpy()
    for number, (x, y) in enumerate(((64, 71), (3, 120), (125, 2))):
        wanted = wide[:, :, y : y + WINDOW_PX, x : x + WINDOW_PX]
        np.testing.assert_array_equal(found[:, number], wanted)


@pytest.fixture
def look():
    """A closer look whose maps can open both eyes, at x = 40 and 88, y = 50."""
    torch.manual_seed(4)
    look = CloseLook(N_BASIS).eval()
    torch.nn.init.normal_(look.eye[-1].weight, std=0.3)
    torch.nn.init.normal_(look.eye[-1].bias)
    places = torch.zeros(N_BASIS, 2)
    places[:2] = torch.eye(2)  # the first two maps are there to say where the windows are
    apart = torch.randn(N_BASIS, N_OPENINGS)
    apart[:2] = 0.0
    changes = torch.linalg.pinv(apart)[..., None].repeat(1, 1, 2)
    mean = torch.randn(N_OPENINGS, 2)
    mean[2:] = mean[:2] * torch.tensor([-1.0, 1.0])
    look.set_openings(places, apart, changes, mean)
    return look


@pytest.fixture
def amounts():
    values = torch.randn(2, N_BASIS, 3)
    values[:, :2, :2] = torch.tensor([[-24.0, -14.0], [24.0, -14.0]])
    return values


def openings(look, amounts):
    return torch.einsum("nkc,ko->noc", amounts[..., :2], look.apart)


@torch.no_grad()
def test_the_openings_are_what_the_windows_show_whatever_the_first_look_said(look, amounts):
    image = torch.randn(2, 3, 128, 128)
    found = look(image, amounts)
    other = amounts.clone()
    other[:, 2:, :2] += torch.randn(2, N_BASIS - 2, 2)
    torch.testing.assert_close(
        openings(look, look(image, other)), openings(look, found), atol=1e-3, rtol=1e-3
    )
    right, _ = windows(image, torch.tensor([[[40.0, 88], [50, 50]]] * 2)).unbind(1)
    shown = look.mean[:2] + 1.5 * look.eye(right).reshape(2, N_PER_WINDOW, 2)
    torch.testing.assert_close(openings(look, found)[:, :2], shown, atol=1e-3, rtol=1e-3)
    assert (found[..., 2] == amounts[..., 2]).all()
    assert (openings(look, found) - openings(look, amounts)).abs().max() > 0.5


@torch.no_grad()
def test_a_mirrored_face_has_mirrored_eyes(look, amounts):
    image = torch.randn(2, 3, 128, 128)
    eyes = openings(look, look(image, amounts))
    # A window of an even width has no pixel in its middle: the mirrored one lies a pixel aside.
    flipped = torch.roll(image.flip(-1), 1, dims=-1)
    mirrored = openings(look, look(flipped, amounts))[:, MIRRORED]
    wanted = eyes * torch.tensor([-1.0, 1.0])
    similar = (mirrored - wanted).abs().mean() / (mirrored - eyes).abs().mean()
    assert similar < 0.2
