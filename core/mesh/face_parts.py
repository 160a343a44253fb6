"""Eyes and mouth, each from one still: mixed, they would show several gazes and smiles at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Float32Array, Float64Array, FloatArray
from .still_blend import feathered, without_gaps
from .uv_atlas import UvAtlas

_N_LANDMARKS = 468
"""Of the face mesh; a mesh of fewer points has no known eyes and mouth."""
# Landmarks of the face mesh: one corner, upper edge, other corner, lower edge. The lips' inner
# edges follow the mouth's outer ones.
_EYES = ((33, 159, 133, 145), (362, 386, 263, 374))
_MOUTH, _LIPS = (61, 0, 291, 17), (13, 14)
_WELL_OPEN = 0.35
"""Height of an open eye in widths of it."""
_GAZE_ASIDE = 0.12
"""How far from the middle an iris may be, in widths of the eye."""
_EYE_REACH, _MOUTH_REACH = (0.62, 0.36), (0.58, 0.32)
"""Half the width and height of what is taken from one still, in widths of the part."""
_BORDER = 0.5
"""How much further its border reaches, where it passes into the rest."""
_LEAST_AGREEMENT = 0.03
_VIEW_POWER, _AGREEMENT_POWER = 0.75, 0.5
"""Weights fall steeply with the angle: a good gaze seen a little less well is worth more."""
_VISIBLE_WEIGHT = 0.006
"""From here on the chosen still is taken, though another may see a lip or lid more straight on."""
_GAP = 0.05
"""In sides of the texture."""
_GAIN_RANGE = (0.6, 1.6)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A place in the UV map: `centre_px`, `width_px` and `share` (size, size), 1 within, 0 far."""

    centre_px: Float64Array
    width_px: float
    share: Float32Array


def with_whole_parts(
    mixed: Float32Array,
    colours: Float32Array,
    weights: Float32Array,
    *,
    agreed: Float32Array,
    landmarks: FloatArray,
    atlas: UvAtlas,
) -> Float32Array:
    """Lay eyes and mouth of one still each over a mixture of all.

    Parameters
    ----------
    mixed : shape (size, size, 3)
    colours : shape (n_stills, size, size, 3), of one exposure
    weights : shape (n_stills, size, size), how well a still shows each texel
    agreed : the same, less where a still differs from the others
    landmarks : shape (n_stills, n_landmarks, 3), image space, in the order of the face mesh
    atlas : the UV map; its points are where the landmarks lie

    Returns
    -------
    shape (size, size, 3)
    """
    if len(colours) == 1 or len(atlas.points_px) < _N_LANDMARKS:
        return mixed
    eyes = [_part(atlas, corners, reach=_EYE_REACH) for corners in _EYES]
    mouth = _part(atlas, _MOUTH, reach=_MOUTH_REACH)
    merits = np.array([_eye_merit(points) for points in landmarks])
    merits *= _view_merits(weights, agreed, eyes)
    merits *= [_gaze_merit(colour, eyes) for colour in colours]
    index = int(merits.argmax())
    seen = _seen(weights[index], atlas)
    for eye in eyes:
        mixed = _laid_over(mixed, colours[index], eye.share * seen)
    merits = np.array([_mouth_merit(points) for points in landmarks])
    merits *= _view_merits(weights, agreed, [mouth])
    index = int(merits.argmax())
    return _laid_over(mixed, colours[index], mouth.share * _seen(weights[index], atlas))


def _part(
    atlas: UvAtlas, corners: tuple[int, int, int, int], *, reach: tuple[float, float]
) -> _Part:
    """Draw a soft ellipse around four landmarks."""
    points = atlas.points_px[list(corners)]
    centre = np.array([points[[0, 2], 0].mean(), points[[1, 3], 1].mean()])
    width = float(np.ptp(points[:, 0]))
    along = (np.arange(len(atlas.layer)) - centre[:, None]) / width
    radius = np.hypot(along[0][None] / reach[0], along[1][:, None] / reach[1])
    inward = np.clip(1.0 - (radius - 1.0) / _BORDER, 0.0, 1.0)
    share = inward**2 * (3.0 - 2.0 * inward)
    return _Part(centre, width, share.astype(np.float32))


def _eye_merit(points: FloatArray) -> float:
    """Rate how open the eye is that is less open, 0 to 1."""
    openness = min(
        _length(points, upper, lower) / max(_length(points, one, other), 1e-6)
        for one, upper, other, lower in _EYES
    )
    return min(openness / _WELL_OPEN, 1.0) ** 2


def _mouth_merit(points: FloatArray) -> float:
    """Rate how closed the lips are, 0 to 1."""
    width = _length(points, _MOUTH[0], _MOUTH[2])
    return 1.0 / (1.0 + (8.0 * _length(points, *_LIPS) / max(width, 1e-6)) ** 2)


def _length(points: FloatArray, one: int, other: int) -> float:
    """Return the distance of two landmarks."""
    return float(np.linalg.norm(points[one] - points[other]))


def _view_merits(weights: Float32Array, agreed: Float32Array, parts: list[_Part]) -> Float64Array:
    """Rate how well each still shows some parts, nothing lying over them: (n_stills,)."""
    merits = np.ones(len(weights))
    for part in parts:
        # Within, stills differ by what the face does; what lies over it reaches beyond.
        border = part.share * (1.0 - part.share)
        border /= border.sum()
        merits *= np.einsum("kij,ij->k", weights, border) ** _VIEW_POWER
        # The harmonic mean: half a mouth behind a hand is no mouth.
        doubt = weights / np.maximum(agreed + _LEAST_AGREEMENT * weights, 1e-12)
        merits /= np.maximum(np.einsum("kij,ij->k", doubt, border), 1e-6) ** _AGREEMENT_POWER
    return np.asarray(merits ** (1.0 / len(parts)), np.float64)


def _gaze_merit(colour: Float32Array, eyes: list[_Part]) -> float:
    """Rate how near the middle of both eyes is what is dark in them, 0 to 1."""
    aside = []
    for eye in eyes:
        half = (np.array([0.42, 0.12]) * eye.width_px).astype(int)
        column, row = np.round(eye.centre_px).astype(int)
        rows = slice(row - half[1], row + half[1] + 1)
        columns = slice(column - half[0], column + half[0] + 1)
        grey = colour[rows, columns].sum(axis=-1)
        darkness = np.clip(np.percentile(grey, 30.0) - grey, 0.0, None)
        place = np.arange(-half[0], half[0] + 1)
        aside.append((darkness * place).sum() / max(float(darkness.sum()), 1e-6) / eye.width_px)
    # Lashes and make-up at both outer corners cancel out: eyes look to the same side.
    return float(np.exp(-((np.mean(aside) / _GAZE_ASIDE) ** 2)))


def _seen(weight: Float32Array, atlas: UvAtlas) -> Float32Array:
    """Return 1 where a still shows skin at all, 0 where not: (size, size)."""
    visible = np.minimum(weight / _VISIBLE_WEIGHT, 1.0).astype(np.float32)
    return feathered(without_gaps(visible, width=_GAP), is_face=atlas.is_face)


def _laid_over(mixed: Float32Array, colour: Float32Array, share: Float32Array) -> Float32Array:
    """Lay a share of one still over the mixture, in the colours of what is around it."""
    # A part is a tenth of the texture: the rest stays, and is not worked through.
    rows, columns = (np.flatnonzero((share > 0.0).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return mixed
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    share, colour, around = share[window], colour[window], mixed[window]
    is_border = (share > 0.05) & (share < 0.95) & (colour.min(axis=-1) > 8.0)
    gain = np.ones(3)
    if is_border.any():
        gain = np.median(around[is_border] / colour[is_border], axis=0)
    whole = colour * np.clip(gain, *_GAIN_RANGE).astype(np.float32)
    result = mixed.copy()
    result[window] = around + share[..., None] * (whole - around)
    return result
