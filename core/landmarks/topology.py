"""Which landmark is the lip, the eyelid, the iris. Sides are the subject's own.

The indices are MediaPipe's (Apache-2.0); those of the eyes and lips stand in its attention mesh's
refinement lists, `tensors_to_face_landmarks_with_attention.pbtxt`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

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
