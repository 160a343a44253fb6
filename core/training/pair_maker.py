"""Makes training pairs: a picture of a face, and the amounts of the basis that mix its map.

Pair i of a seed is always the same, whoever asks and in whatever order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from ..arrays import Float32Array, Float64Array, ImageArray
from ..errors import TrainingDataError
from .correspondence import N_MESH
from .face_model import FaceModel
from .face_render import Admixture, PortraitSkin, crop_placement, draw_face
from .layout import Layout
from .layout_tables import sampling_matrix
from .map_basis import GridAmounts, MapBasis
from .portraits import Gallery, Portrait
from .scene import Head
from .surroundings import cover, put_on_glasses, random_background, shuffled
from .variations import Variation, random_variation, yaw_of

PICTURE_SIZE = 176
"""Pixels a side of a made picture: the crop of 128 and room to move it in."""
_REAL_SHARE, _NOBODY_SHARE = 0.17, 0.06
_COVERED, _WITH_GLASSES = 0.25, 0.1
_SAME_PLACE = 0.35
"""So many photographs keep their own background."""
_MIXED_SHARE, _MIXED_MOUTHS_M = 0.5, 0.002
"""So many made faces have two people's skin, if their mouths are as far open."""
_SHUFFLED_SHARE = 0.4
"""So many pictures without a face are one in pieces."""


class Kind(IntEnum):
    """What a picture shows."""

    MADE = 0
    REAL = 1
    NOBODY = 2


@dataclass(frozen=True, slots=True)
class Pair:
    """One picture with its truth.

    `image` (176, 176, 3), RGB; `amounts` (n_basis, 3) in its pixels, origin at the picture's
    middle; `landmarks_px` (68, 3) as drawn; `facemesh_px` (468, 2) as the engine saw them on a real
    photograph, else not a number; `yaw_rad`; `kind`.
    """

    image: ImageArray
    amounts: Float32Array
    landmarks_px: Float32Array
    facemesh_px: Float32Array
    yaw_rad: float
    kind: Kind


class PairMaker:
    """Holds what all pairs are made from.

    Parameters
    ----------
    model, layout, head, basis : the face
    gallery : the portraits
    held_out : make pairs of the people kept for evaluation, and only of faces, not of none
    seed : of everything

    Raises
    ------
    TrainingDataError
        No portrait is left to make pairs of.
    """

    def __init__(
        self,
        model: FaceModel,
        layout: Layout,
        head: Head,
        basis: MapBasis,
        gallery: Gallery,
        *,
        held_out: bool = False,
        seed: int = 0,
    ) -> None:
        chosen = [p for p in gallery.portraits if p.is_held_out == held_out]
        if not chosen:
            kept = "kept for evaluation" if held_out else "to train on"
            raise TrainingDataError(
                f"None of the {len(gallery.portraits)} portraits shows a person {kept}. Give "
                "portraits of more people: about one in seven is kept apart, by name."
            )
        self._skins = [PortraitSkin(head, portrait) for portrait in chosen]
        self._photos = [portrait.photo for portrait in chosen]
        self._model, self._head, self._basis = model, head, basis
        self._amounts = GridAmounts(basis)
        self._at_landmarks = basis.flat @ sampling_matrix(layout.landmarks_uv).T
        self._held_out, self._seed = held_out, seed

    def pair(self, index: int) -> Pair:
        """Make one pair."""
        rng = np.random.default_rng((self._seed, index, int(self._held_out)))
        kind = rng.random()
        if not self._held_out and kind < _NOBODY_SHARE:
            return self._nobody(rng)
        skin = self._skins[rng.integers(len(self._skins))]
        if not self._held_out and kind < _NOBODY_SHARE + _REAL_SHARE:
            return self._real(rng, skin.portrait)
        variation = random_variation(rng, skin.portrait.fit, self._model.expression_names)
        return self.made(rng, skin, variation)

    def made(self, rng: np.random.Generator, skin: PortraitSkin, variation: Variation) -> Pair:
        """Draw a face and cover some of it."""
        background = random_background(rng, PICTURE_SIZE, self._photos)
        drawn = draw_face(
            self._head,
            skin,
            variation,
            background=background,
            admixture=self._admixture(rng, skin),
        )
        amounts = self._amounts.solve(drawn.points_px - _middle())
        return self._finished(
            rng, drawn.image, amounts, Kind.MADE, yaw_of(variation.image_from_head)
        )

    def _admixture(self, rng: np.random.Generator, skin: PortraitSkin) -> Admixture | None:
        """Draw whose skin is mixed in, if anybody's."""
        other = self._skins[rng.integers(len(self._skins))]
        apart = abs(float(other.mouth_open_m.max()) - float(skin.mouth_open_m.max()))
        if rng.random() > _MIXED_SHARE or apart > _MIXED_MOUTHS_M:
            return None
        return Admixture(other, share=float(rng.uniform(0.2, 0.8)))

    def _real(self, rng: np.random.Generator, portrait: Portrait) -> Pair:
        """Cut a photograph out, with its own background or another."""
        fit = portrait.fit
        points = fit.points_px(self._head.points_m(fit.identity, fit.expression))
        grid = points[: self._head.n_grid]
        scale, shift = crop_placement(grid, size=PICTURE_SIZE)
        matrix = np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]])
        image = _warped(portrait.photo, matrix)
        if rng.random() > _SAME_PLACE:
            alpha = _warped(portrait.matte, matrix)[..., None] / 255.0
            background = random_background(rng, PICTURE_SIZE, self._photos)
            image = (background * (1.0 - alpha) + image * alpha + 0.5).astype(np.uint8)
        placed = scale * grid + shift
        amounts = self._amounts.solve(placed - _middle())
        seen = scale * portrait.landmarks_px[:N_MESH, :2] + shift[:2]
        pair = self._finished(
            rng, np.asarray(image, np.uint8), amounts, Kind.REAL, yaw_of(fit.rotation)
        )
        return replace(pair, facemesh_px=seen.astype(np.float32))

    def _nobody(self, rng: np.random.Generator) -> Pair:
        """Paint a picture without a face."""
        if rng.random() < _SHUFFLED_SHARE:
            image = shuffled(rng, self._photos[rng.integers(len(self._photos))], PICTURE_SIZE)
        else:
            image = random_background(rng, PICTURE_SIZE, self._photos)
        points = rng.uniform(0.2, 0.8, (8, 2)) * PICTURE_SIZE
        if rng.random() < 0.5:
            image = cover(rng, image, points, self._photos)
        n = len(self._basis.maps)
        return Pair(
            image=image,
            amounts=np.zeros((n, 3), np.float32),
            landmarks_px=np.full((68, 3), np.nan, np.float32),
            facemesh_px=np.full((N_MESH, 2), np.nan, np.float32),
            yaw_rad=0.0,
            kind=Kind.NOBODY,
        )

    def _finished(
        self,
        rng: np.random.Generator,
        image: ImageArray,
        amounts: Float32Array,
        kind: Kind,
        yaw_rad: float,
    ) -> Pair:
        """Put glasses on some and cover some; find the landmarks."""
        landmarks = np.asarray(self._at_landmarks.T @ amounts, np.float32)
        landmarks[:, :2] += _middle()[:2].astype(np.float32)
        if rng.random() < _WITH_GLASSES and abs(yaw_rad) < 0.8:
            image = put_on_glasses(rng, image, landmarks)
        if rng.random() < _COVERED:
            image = cover(rng, image, landmarks, self._photos)
        return Pair(
            image=image,
            amounts=amounts,
            landmarks_px=landmarks,
            facemesh_px=np.full((N_MESH, 2), np.nan, np.float32),
            yaw_rad=yaw_rad,
            kind=kind,
        )


def _middle() -> Float64Array:
    """Return the picture's middle: amounts count from there."""
    return np.array([PICTURE_SIZE / 2.0, PICTURE_SIZE / 2.0, 0.0])


def _warped(image: ImageArray, matrix: Float64Array) -> ImageArray:
    """Lay an image on a picture by picture_from_image (2, 3); its border is repeated."""
    import cv2

    blur = max(0.0, 0.5 / float(matrix[0, 0]) - 0.5)
    if blur > 0.05:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), blur), np.uint8)
    result = cv2.warpAffine(
        image,
        matrix,
        (PICTURE_SIZE, PICTURE_SIZE),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(result, np.uint8)
