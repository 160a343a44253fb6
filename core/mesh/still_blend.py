"""One picture of a face from several, without what only some of them show."""

from __future__ import annotations

import numpy as np

from ..arrays import BoolArray, Float32Array

_COARSE_PX = 256
"""Side of the copies on which stills are compared: a hand is large, pores must not count."""
_COLOUR_LEVELS, _DETAIL_LEVELS = 24.0, 10.0
"""How far from the median of the stills a colour may lie, and the edges and spots in it."""
_DETAIL_SIGMA, _CALM_SIGMA = 0.024, 0.008
"""Of a Gaussian, in sides of the texture."""
_GROWTH = 0.03
"""A hand is taken to reach so much further than it shows, in sides of the texture."""
_NEAR_SIGMA, _NEAR_SHARE = 0.05, 0.02
"""Where none agrees, those count that agree close by: a hand does not, where it ends, either."""
_LEAST = 1e-4
"""Weight that is left to what differs: where none agrees, the best view of all remains."""
_DOUBT_POWER = 4.0
"""How much a still counts less in which much of the face differs from the others."""


def agreed_weights(colours: Float32Array, weights: Float32Array) -> Float32Array:
    """Take weight off what differs from most other stills, where there are three or more.

    Parameters
    ----------
    colours : shape (n_stills, size, size, 3), of one exposure
    weights : shape (n_stills, size, size), 0 where a still shows no skin

    Returns
    -------
    shape (n_stills, size, size), float32
    """
    import cv2

    if len(colours) < 3:
        return weights
    size = weights.shape[1]
    side = min(size, _COARSE_PX)
    calm = _calm(
        np.stack([_resized(colour, side) for colour in colours]),
        np.stack([_resized(weight, side) for weight in weights]),
    )
    return np.stack(
        [
            weight * cv2.resize(one, (size, size), interpolation=cv2.INTER_LINEAR)
            for weight, one in zip(weights, calm, strict=True)
        ]
    )


def without_gaps(weight: Float32Array, *, width: float) -> Float32Array:
    """Fill gaps narrower than `width`, in sides of the texture: rims of lips, lids and nostrils."""
    import cv2

    gap = np.ones((max(round(width * len(weight)), 1),) * 2, np.uint8)
    return np.asarray(cv2.morphologyEx(weight, cv2.MORPH_CLOSE, gap), np.float32)


def feathered(weight: Float32Array, *, is_face: BoolArray) -> Float32Array:
    """Let a weight fall to 0 softly, within where it is above 0.

    Parameters
    ----------
    weight : shape (size, size)
    is_face : shape (size, size)

    Returns
    -------
    shape (size, size), float32; 0 outside of the face
    """
    import cv2

    size = len(weight)
    small = _resized(weight, min(size, _COARSE_PX))
    # What lies outside of the face says nothing about the skin at its border.
    face = (_resized(is_face.astype(np.float32), len(small)) > 0.5).astype(np.float32)
    reach = max(round(2.5 * _CALM_SIGMA * len(small)), 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    inner = cv2.erode(np.where(face > 0.0, small, np.float32(np.inf)), kernel)
    inner = np.where(face > 0.0, inner, 0.0).astype(np.float32)
    sigma = _CALM_SIGMA * len(small)
    soft = cv2.GaussianBlur(inner, (0, 0), sigma) / np.maximum(
        cv2.GaussianBlur(face, (0, 0), sigma), 1e-3
    )
    whole = cv2.resize(soft, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(whole * is_face, np.float32)


def weighted_mean(colours: Float32Array, weights: Float32Array) -> Float32Array:
    """Mix stills by their weights, equally where they have none: (size, size, 3)."""
    shares = weights + np.float32(1e-7)
    shares /= shares.sum(axis=0)
    return np.asarray(np.einsum("kijc,kij->ijc", colours, shares), np.float32)


def _resized(picture: Float32Array, side: int) -> Float32Array:
    """Return a copy of (side, side)."""
    import cv2

    if len(picture) == side:
        return picture.copy()
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), np.float32)


def _calm(colours: Float32Array, weights: Float32Array) -> Float32Array:
    """Return per still and texel 1 where it agrees with most others, down to 0: (n, side, side)."""
    import cv2

    side = weights.shape[1]
    # Each still has one vote, less only at an angle: the best ones may be those behind a hand.
    votes = (weights / np.maximum(weights.max(axis=(1, 2), keepdims=True), 1e-12)) ** 0.5
    smooth = [cv2.GaussianBlur(colour, (0, 0), _DETAIL_SIGMA * side) for colour in colours]
    detail = colours - np.stack(smooth)
    away = np.square(_distance(colours, votes) / _COLOUR_LEVELS)
    away += np.square(_distance(detail, votes) / _DETAIL_LEVELS)
    calm = np.exp(-np.stack([cv2.GaussianBlur(one, (0, 0), _CALM_SIGMA * side) for one in away]))
    total = np.maximum(votes.sum(axis=(1, 2)), 1e-6)
    agreement = (calm * votes).sum(axis=(1, 2)) / total
    agreement = (agreement / max(float(agreement.max()), 1e-6)) ** _DOUBT_POWER
    reach = max(round(_GROWTH * side), 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    calm = np.stack([cv2.erode(one, kernel) for one in calm])
    sigma = _NEAR_SIGMA * side
    near = np.stack(
        [
            cv2.GaussianBlur(one * vote, (0, 0), sigma)
            / np.maximum(cv2.GaussianBlur(vote, (0, 0), sigma), 1e-3)
            for one, vote in zip(calm, votes, strict=True)
        ]
    )
    calm = np.maximum(np.maximum(calm, _NEAR_SHARE * near) * agreement[:, None, None], _LEAST)
    return np.asarray(calm, np.float32)


def _distance(values: Float32Array, votes: Float32Array) -> Float32Array:
    """Return how far each still lies from the weighted median of all: (n, side, side)."""
    order = np.argsort(values, axis=0)
    ranked = np.take_along_axis(np.repeat(votes[..., None], 3, axis=-1), order, axis=0)
    reached = np.cumsum(ranked, axis=0)
    middle = (reached >= 0.5 * reached[-1]).argmax(axis=0)[None]
    median = np.take_along_axis(values, np.take_along_axis(order, middle, axis=0), axis=0)
    return np.asarray(np.abs(values - median).max(axis=-1), np.float32)
