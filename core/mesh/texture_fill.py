"""Colour for the skin that no still shows."""

from __future__ import annotations

import numpy as np

from ..arrays import Float32Array
from ..records import FaceTopology
from .uv_atlas import UvAtlas

_MIRROR_SIGMA, _SHADE_SIGMA = 0.055, 0.016
"""Of Gaussians, in sides of the texture."""
_SHADE_RANGE = (0.4, 2.5)


def with_other_half(
    colour: Float32Array, trust: Float32Array, *, atlas: UvAtlas, topology: FaceTopology
) -> tuple[Float32Array, Float32Array]:
    """Take unseen skin from its mirror image on the other half of the face, where that is seen.

    Parameters
    ----------
    colour : shape (size, size, 3)
    trust : shape (size, size), 0 where no still shows the texel, 1 where one does well
    atlas, topology : the UV map and what it was drawn from

    Returns
    -------
    colour, trust
        The same, with what was found.
    """
    import cv2

    neutral = topology.neutral_m.astype(np.float64)
    gaps = np.linalg.norm(neutral[:, None] - neutral[None] * [-1.0, 1.0, 1.0], axis=-1)
    mirrored = atlas.carry(atlas.points_px[gaps.argmin(axis=1)])
    place = (mirrored[..., 0], mirrored[..., 1])
    # Compared over a neighbourhood: what is narrow, or what both halves lack, is filled otherwise.
    known = cv2.GaussianBlur(trust, (0, 0), _MIRROR_SIGMA * len(trust))
    gain = np.clip((cv2.remap(known, *place, cv2.INTER_LINEAR) - known - 0.5) / 0.3, 0.0, 1.0)
    other_trust = np.asarray(cv2.remap(trust, *place, cv2.INTER_LINEAR), np.float32)
    other = np.asarray(cv2.remap(colour, *place, cv2.INTER_LINEAR), np.float32)
    share = gain * (1.0 - trust) * other_trust
    other *= _shade(colour, other, np.minimum(trust, other_trust))
    total = trust + share
    mixed = trust[..., None] * colour + share[..., None] * other
    return (mixed / np.maximum(total, 1e-6)[..., None]).astype(np.float32), total.astype(np.float32)


def _shade(colour: Float32Array, other: Float32Array, trust: Float32Array) -> Float32Array:
    """Return by what the other half differs in light, learnt where both are trusted, for all."""
    import cv2

    side = min(len(trust), 256)
    both = cv2.resize(trust, (side, side), interpolation=cv2.INTER_AREA)
    means = []
    for picture in (colour, other):
        small = cv2.resize(picture * trust[..., None], (side, side), interpolation=cv2.INTER_AREA)
        means.append(cv2.GaussianBlur(small, (0, 0), _SHADE_SIGMA * side))
    ratio = np.clip((means[0] + 1e-3) / (means[1] + 1e-3), *_SHADE_RANGE).astype(np.float32)
    shade = spread(ratio, np.asarray(both, np.float32))
    return np.asarray(cv2.resize(shade, trust.shape[::-1]), np.float32)


def spread(colour: Float32Array, trust: Float32Array) -> Float32Array:
    """Fill what is not trusted from around it, so that smaller copies have no seams.

    Parameters
    ----------
    colour : shape (height, width, 3)
    trust : shape (height, width), 0 to 1

    Returns
    -------
    shape (height, width, 3), float32
    """
    import cv2

    height, width = trust.shape
    if min(height, width) <= 2:
        mean = (colour * trust[..., None]).sum(axis=(0, 1)) / max(float(trust.sum()), 1e-6)
        return np.asarray(trust[..., None] * colour + (1.0 - trust[..., None]) * mean, np.float32)
    half = ((width + 1) // 2, (height + 1) // 2)
    mean_trust = cv2.resize(trust, half, interpolation=cv2.INTER_AREA)
    mean = cv2.resize(colour * trust[..., None], half, interpolation=cv2.INTER_AREA)
    mean = mean / np.maximum(mean_trust, 1e-6)[..., None]
    # A few known texels speak for all around them.
    coarse = spread(mean.astype(np.float32), np.minimum(2.0 * mean_trust, 1.0).astype(np.float32))
    behind = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(trust[..., None] * colour + (1.0 - trust[..., None]) * behind, np.float32)
