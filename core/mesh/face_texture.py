"""The colour of a face, taken from stills and laid into its UV map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..arrays import FloatArray, ImageArray, check_indices, check_shape
from ..errors import RangeError, ShapeError
from ..records import FaceTopology, Still
from .face_parts import with_whole_parts
from .still_blend import agreed_weights, feathered, weighted_mean, without_gaps
from .still_views import trust_of_weight, views_of_stills
from .texture_fill import spread, with_other_half
from .uv_atlas import atlas_of_topology

_GAP = 0.03
"""In sides of the texture: what is seen around so narrow a gap is seen within it, too."""


def unwrap_face_texture(
    stills: Sequence[Still],
    landmarks: FloatArray,
    *,
    topology: FaceTopology,
    size: int = 1024,
) -> ImageArray:
    """Make the texture of a face from pictures of it.

    Parameters
    ----------
    stills : one or more, of the same face
    landmarks : shape (n_stills, n_landmarks, 3), image space of each still's frame
    topology : triangles and UV map of the landmarks
    size : side of the texture in pixels

    Returns
    -------
    shape (size, size, 3), RGB
        Row 0 is v = 1. Skin that no still sees is taken from the other half of the face, or from
        its surroundings; so is all that lies outside of the UV map.

    Raises
    ------
    ShapeError, RangeError
        The arrays contradict each other; there is no still; the size is out of range.
    """
    n_landmarks = len(topology.neutral_m)
    check_shape("landmarks", landmarks, ("n_stills", n_landmarks, 3))
    check_shape("uv", topology.uv, (n_landmarks, 2))
    check_indices("triangles", topology.triangles, n_landmarks)
    if not stills or len(stills) != len(landmarks):
        raise ShapeError(
            f"landmarks must be given for each still, got {len(landmarks)} for {len(stills)} stills"
        )
    if not 16 <= size <= 8192:
        raise RangeError(f"size must lie in 16 … 8192, got {size}")
    atlas = atlas_of_topology(topology, size=size)
    colours, weights = views_of_stills(stills, landmarks, atlas=atlas)
    agreed = agreed_weights(colours, weights)
    mixed = weighted_mean(
        colours, np.stack([feathered(weight, is_face=atlas.is_face) for weight in agreed])
    )
    marks = topology.facemesh_vertex if len(topology.facemesh_vertex) else np.arange(n_landmarks)
    mixed = with_whole_parts(
        mixed,
        colours,
        weights,
        agreed=agreed,
        landmarks=landmarks[:, marks],
        atlas=replace(atlas, points_px=atlas.points_px[marks]),
    )
    best = without_gaps(weights.max(axis=0), width=_GAP)
    trust = trust_of_weight(feathered(best, is_face=atlas.is_face))
    colour, trust = with_other_half(mixed, trust, atlas=atlas, topology=topology)
    filled = spread(colour, trust)
    return np.clip(filled + 0.5, 0.0, 255.0).astype(np.uint8)
