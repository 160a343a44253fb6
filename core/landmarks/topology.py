"""Which landmark is the lip, the eyelid, the iris. Sides are the subject's own.

The indices are MediaPipe's (Apache-2.0); those of the eyes and lips stand in its attention mesh's
refinement lists, `tensors_to_face_landmarks_with_attention.pbtxt`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import numpy as np

from ..arrays import IndexArray

Ring = tuple[int, ...]
"""Landmarks in order along a closed line."""

RIGHT_EYE: Ring = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
LEFT_EYE: Ring = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
"""From the outer corner along the lower lid to the inner corner, and back along the upper."""

RIGHT_BROW: Ring = (46, 53, 52, 65, 55, 107, 66, 105, 63, 70)
LEFT_BROW: Ring = (276, 283, 282, 295, 285, 336, 296, 334, 293, 300)
"""From the outer end along the lower edge to the inner end, and back along the upper."""

RIGHT_IRIS: Ring = (469, 470, 471, 472)
LEFT_IRIS: Ring = (474, 475, 476, 477)
"""Around the centres, 468 and 473, which only meshes of 478 points have."""

OUTER_LIPS: Ring = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185,
)  # fmt: skip
INNER_LIPS: Ring = (
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191,
)  # fmt: skip
"""From the right corner along the lower lip to the left corner, and back along the upper."""

FACE_OVAL: Ring = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""From the middle of the forehead toward the left temple, the chin, and back."""

CONTOURS: Mapping[str, tuple[Ring, ...]] = MappingProxyType(
    {
        "face oval": (FACE_OVAL,),
        "right eye": (RIGHT_EYE, RIGHT_BROW, RIGHT_IRIS),
        "left eye": (LEFT_EYE, LEFT_BROW, LEFT_IRIS),
        "lips": (OUTER_LIPS, INNER_LIPS),
    }
)
"""The lines by which one recognises a face; the irises are in meshes of 478 points only."""

FACEMESH_OF_68: tuple[int, ...] = (
    127, 234, 93, 132, 172, 136, 150, 176, 152, 400, 379, 365, 397, 361, 323, 454, 356,
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
    168, 197, 5, 4, 75, 97, 2, 326, 305,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,
    78, 82, 13, 312, 308, 317, 14, 87,
)  # fmt: skip
"""The landmark nearest to each of the 68 iBUG ones, in their order: jaw, brows, nose, eyes, lips.
The 17 of the jaw go along the oval from the subject's right temple to the left."""

QUICK: Ring = (
    *RIGHT_EYE, *LEFT_EYE, *OUTER_LIPS, *INNER_LIPS, 468, *RIGHT_IRIS, 473, *LEFT_IRIS,
)  # fmt: skip
"""What moves faster than the head does; the irises are in meshes of 478 points only."""

_ON_THE_MIDDLE = (
    0, 1, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 94, 151, 152, 164, 168, 175,
    195, 197, 199, 200,
)  # fmt: skip
_N_MESH, _FIRST_ON_THE_LEFT = 468, 248
_MIRRORED_IRISES = (473, 476, 475, 474, 477, 468, 471, 470, 469, 472)
"""Centre, right, top, left and bottom as seen: right and left change places."""


@cache
def mirrored_points(n_landmarks: int) -> IndexArray:
    """Return which landmark each becomes when the image is mirrored.

    Parameters
    ----------
    n_landmarks : 468, or 478 with irises

    Returns
    -------
    shape (n_landmarks,), its own inverse
    """
    partner = np.arange(_N_MESH + len(_MIRRORED_IRISES), dtype=np.int32)
    # The subject's left half is numbered in the same order as the right, from 248 on.
    right = np.setdiff1d(np.arange(_FIRST_ON_THE_LEFT), _ON_THE_MIDDLE)
    left = np.arange(_FIRST_ON_THE_LEFT, _N_MESH)
    partner[right], partner[left] = left, right
    partner[_N_MESH:] = _MIRRORED_IRISES
    return partner[:n_landmarks]


def quick_landmarks(n_landmarks: int) -> IndexArray:
    """Return the landmarks on lids, lips and irises, of a mesh of 468 or 478 points: shape (n,)."""
    return np.array([index for index in QUICK if index < n_landmarks], np.int32)
