"""Landmarks → MediaPipe's 52 named blendshape weights, by a network. Sides are the subject's own.

References
----------
MediaPipe's `face_blendshapes.tflite` (Apache-2.0), which its `face_landmarker.task` holds, and
`face_blendshapes_graph.cc` for the landmarks that go in. A mixer of 146 tokens: I. Tolstikhin et
al., "MLP-Mixer: An all-MLP Architecture for Vision", 2021, arXiv:2105.01601.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Float32Array, FloatArray, check_shape
from ..inference.network import Network
from ..records import BlendshapeWeights

N_LANDMARKS = 478
"""It needs the irises."""

BLENDSHAPE_NAMES = (
    "_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft",
    "browOuterUpRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft",
    "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft",
    "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen",
    "jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight", "mouthRollLower",
    "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft", "mouthSmileRight",
    "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
)  # fmt: skip
"""MediaPipe's, in its order: ARKit's without tongueOut, and `_neutral` in front."""

_READ = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66,
    67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144,
    145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173,
    176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276, 282, 283, 284,
    285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324, 332,
    334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386,
    387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473,
    474, 475, 476, 477,
)  # fmt: skip
"""The landmarks that the network looks at."""

_BATCH = 64
"""Frames computed at once: more gain nothing."""


def weights_from_landmarks(points_px: FloatArray, network: Network) -> BlendshapeWeights:
    """Read an expression's weights off landmarks.

    The network takes out where the face is and how large; it does not take out how the head is
    turned, so that a head far to the side gives poorer weights.

    Parameters
    ----------
    points_px : shape (n_frames, 478, 2 or 3), image space, smoothed; NaN where lost
    network : face_blendshapes

    Raises
    ------
    ShapeError
        There are no 478 landmarks.
    """
    check_shape("points_px", points_px, ("n_frames", N_LANDMARKS, "xy or xyz"))
    weights: Float32Array = np.full((len(points_px), len(BLENDSHAPE_NAMES)), np.nan, np.float32)
    read = points_px[:, _READ, :2].astype(np.float32)
    rows = np.flatnonzero(np.isfinite(read).all(axis=(1, 2)))
    for first in range(0, len(rows), _BATCH):
        batch = rows[first : first + _BATCH]
        found = np.asarray(network.run(points=read[batch])["weights"], np.float32)
        check_shape("weights", found, (len(batch), len(BLENDSHAPE_NAMES)))
        weights[batch] = found
    return BlendshapeWeights(names=BLENDSHAPE_NAMES, weights=weights)
