"""Pairs of landmarks whose distance makes an expression, and how a map opens and closes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Float32Array, FloatArray
from .layout_tables import sampling_matrix
from .map_basis import MapBasis

_RIGHT_EYE = ((37, 41), (38, 40), (17, 36), (19, 37), (21, 39), (36, 39))
_LEFT_EYE = ((44, 46), (43, 47), (26, 45), (24, 44), (22, 42), (45, 42))
_MOUTH = ((61, 67), (62, 66), (63, 65), (48, 54), (51, 57), (31, 35))
OPENINGS = (*_RIGHT_EYE, *_LEFT_EYE, *_MOUTH)
"""Ends among iBUG's 68 points: lids, brows over an eye, its width; lips, the mouth, the nose."""
OPENING_WEIGHTS = (
    *2 * (4.0, 4.0, 1.0, 1.0, 1.0, 1.0),
    *(2.0, 2.0, 2.0, 1.0, 1.0, 1.0),
)
"""Lids count most: they move by few pixels, and everybody sees it."""
_LIDS = (0, 1, 6, 7)
"""Which openings the closer look tells."""
_EYES = (range(36, 42), range(42, 48))
_MOST_SPREAD_PX, _LOOSE_PX = 1.0, 0.1


@dataclass(frozen=True, slots=True)
class OpeningTables:
    """What `CloseLook.set_openings` takes, float32: see there."""

    places: Float32Array
    apart: Float32Array
    changes: Float32Array
    mean: Float32Array


def opening_tables(basis: MapBasis, landmarks_uv: FloatArray) -> OpeningTables:
    """Return where openings are on the maps, and what opens them.

    A change is the smallest one of a face that opens lids by a pixel and leaves all other openings
    alone, made of what faces differ in: of maps that hardly vary little is taken.

    Parameters
    ----------
    basis : the maps that faces are mixed from
    landmarks_uv : shape (68, 2), where the landmarks lie on them
    """
    at_landmarks = basis.flat.astype(np.float64) @ sampling_matrix(landmarks_uv).T
    first, second = np.array(OPENINGS).T
    apart = at_landmarks[:, first] - at_landmarks[:, second]  # (n_basis, n_openings)
    changes = []
    for axis in (0, 1):
        weight = np.minimum(basis.spread[:, axis].astype(np.float64), _MOST_SPREAD_PX)[:, None] ** 2
        gram = apart.T @ (weight * apart) + _LOOSE_PX**2 * np.eye(len(OPENINGS))
        changes.append(np.linalg.solve(gram, (weight * apart).T)[list(_LIDS)])
    lids = apart[:, list(_LIDS)]
    places = np.stack([at_landmarks[:, list(some)].mean(axis=1) for some in _EYES], axis=1)
    return OpeningTables(
        places.astype(np.float32),
        lids.astype(np.float32),
        np.stack(changes, axis=-1).astype(np.float32),
        (lids.T @ basis.mean[:, :2]).astype(np.float32),
    )
