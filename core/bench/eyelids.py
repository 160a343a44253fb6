"""What a closing eye shows: skin comes down from under the fold, and the lashes close the line.

A photograph of open eyes has neither. The strip of it that moves with a lid holds the lid's edge,
lashes and a sliver of the eyeball; spread over a closed eye it looks like an open one, to people
and networks alike: MediaPipe's refined landmarks kept 0.7 of such a blink where they keep nine
tenths of this one. Only what is drawn is decided here, never where the landmarks are.
"""

from __future__ import annotations

import math

import numpy as np

from ..arrays import Float32Array, Float64Array, ImageArray
from .face_motion import LEFT_LIDS, RIGHT_LIDS

_CORNERS = ((33, 133), (263, 362))
"""Outer and inner corner of the right and the left eye."""
_SHOWN_AT = 0.35
"""By this share of a blink the skin of the lid is out and the lashes are whole."""
_SKIN_ABOVE, _SKIN_BELOW = 0.3, 0.3
"""How far beyond the first shell above, and toward the one below, a lid's skin is taken."""
_LASH_WIDTH, _LASH_OPACITY = 0.12, 0.85
"""Lashes of a closed eye, in its widths. In clips of three people, mascara and all, 0.12 to 0.25 of
it is at least half as dark as the darkest; networks read 0.08 and 0.14 the same."""
_LASH_DARK_PERCENTILE, _LASH_DARKENING = 15.0, 0.7
_SOFTNESS = 0.028
"""Of the edge of the lashes, in widths of the eye."""
_N_CURVE = 48


class Eyelids:
    """Draws the lids of one photograph.

    Parameters
    ----------
    source_px : shape (n, 2) with n ≥ 468, where the landmarks at rest lie in `reference`
    reference : shape (height, width, 3), RGB
    """

    def __init__(self, source_px: Float64Array, reference: ImageArray) -> None:
        self._source_px = source_px
        self._skin_px = source_px.copy()
        for upper, lower, above, below, higher in (map(list, RIGHT_LIDS), map(list, LEFT_LIDS)):
            skin = source_px[above] + _SKIN_ABOVE * (source_px[higher] - source_px[above])
            self._skin_px[upper] = skin
            self._skin_px[lower] += _SKIN_BELOW * (source_px[below] - source_px[lower])
        self._lash_rgb = _dark_of_lashes(source_px, reference)

    def source_px(self, blink: float) -> Float64Array:
        """Return where in the reference the points of the face are looked up at a share of a blink.

        The edges of the lids leave the photograph's lashes and take up skin, continuously.
        """
        share = _shown(blink)
        return np.asarray((1.0 - share) * self._source_px + share * self._skin_px, np.float64)

    def paint_lashes_into(self, image: ImageArray, points_px: Float64Array, blink: float) -> None:
        """Darken the upper lids' edges.

        Parameters
        ----------
        image : shape (height, width, 3), RGB
        points_px : shape (n, 2) with n ≥ 468, the landmarks in this image
        blink : share of a blink; at 0 nothing is painted
        """
        opacity = _LASH_OPACITY * _shown(blink)
        if opacity == 0.0:
            return
        for lids, (outer, inner) in zip((RIGHT_LIDS, LEFT_LIDS), _CORNERS, strict=True):
            edge = points_px[[outer, *lids[0], inner]]
            soft_px = _SOFTNESS * float(np.linalg.norm(edge[-1] - edge[0]))
            band = _lash_band(edge)
            _paint_band_into(image, band, soft_px=soft_px, opacity=opacity, colour=self._lash_rgb)


def _shown(blink: float) -> float:
    """Return how much of the lid's own look is there: 0 to 1."""
    share = min(max(blink / _SHOWN_AT, 0.0), 1.0)
    return share * share * (3.0 - 2.0 * share)


def _dark_of_lashes(source_px: Float64Array, reference: ImageArray) -> Float32Array:
    """Return the colour of the lashes: what is dark along the upper lids' edges, darkened: (3,)."""
    edges = source_px[[*RIGHT_LIDS[0], *LEFT_LIDS[0]]]
    height, width = reference.shape[:2]
    x, y = np.round(edges).astype(int).T
    rows = np.clip(y[:, None] + np.array([-1, 0, 1]), 0, height - 1)
    colours = reference[rows, np.clip(x, 0, width - 1)[:, None]].reshape(-1, 3)
    dark = np.percentile(colours.astype(np.float32), _LASH_DARK_PERCENTILE, axis=0)
    return np.asarray(_LASH_DARKENING * dark, np.float32)


def _lash_band(edge: Float64Array) -> Float64Array:
    """Return the outline of the lashes around a lid's edge (n, 2), outer to inner corner."""
    places = np.linspace(0.0, len(edge) - 1.0, _N_CURVE)
    line = np.stack([np.interp(places, np.arange(len(edge)), axis) for axis in edge.T], axis=1)
    across = edge[-1] - edge[0]
    width_px = float(np.hypot(*across))
    down = np.array([-across[1], across[0]]) / max(width_px, 1e-9)
    if down[1] < 0.0:  # of the left eye, whose inner corner lies at the image's left
        down = -down
    # Thick along the middle, thin at the corners; at the outer one less so, as lashes are.
    share = np.linspace(-1.0, 1.0, _N_CURVE)
    half = 0.5 * _LASH_WIDTH * width_px * (1.0 - np.abs(share) ** 3 * np.where(share < 0, 0.5, 0.9))
    return np.concatenate([line - half[:, None] * down, (line + half[:, None] * down)[::-1]])


def _paint_band_into(
    image: ImageArray,
    outline: Float64Array,
    *,
    soft_px: float,
    opacity: float,
    colour: Float32Array,
) -> None:
    """Blend a colour over the inside of an outline, with soft edges."""
    import cv2

    pad, bits = 2 + math.ceil(3.0 * soft_px), 4
    size = np.array(image.shape[1::-1])
    low = np.clip(np.floor(outline.min(axis=0)).astype(int) - pad, 0, size)
    high = np.clip(np.ceil(outline.max(axis=0)).astype(int) + pad + 1, 0, size)
    if (high <= low).any():
        return
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    corners = np.round((outline - low) * (1 << bits)).astype(np.int32)
    cv2.fillPoly(mask, [corners], (255,), lineType=cv2.LINE_AA, shift=bits)
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), max(soft_px, 0.3))
    alpha = (opacity / 255.0) * soft[..., None]
    window = (slice(low[1], high[1]), slice(low[0], high[0]))
    image[window] = ((1.0 - alpha) * image[window] + alpha * colour + 0.5).astype(np.uint8)
