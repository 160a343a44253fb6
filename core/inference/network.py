"""What running a network looks like, whatever runs it.

The bundled networks, by the name that `weights.find_weights` knows:

================================  ==========================  =====================================
name                              input `image`               outputs, float32
================================  ==========================  =====================================
face_landmark_468                 (n, 192, 192, 3) uint8 RGB  `landmarks` (n, 468, 3), crop pixels
                                                              from the crop's top left edge, z in
                                                              the same unit, negative toward the
                                                              camera; `presence` (n,), 0 to 1
face_landmark_478                 (n, 192, 192, 3) uint8 RGB  the same with 478 landmarks
face_detection_short_range        (n, 128, 128, 3) uint8 RGB  `scores` (n, 896), logits; `boxes`
                                                              (n, 896, 16), input pixels relative
                                                              to each anchor's centre
face_detection_full_range         (n, 192, 192, 3) uint8 RGB  the same with 2304 anchors
position_map_128                  (n, 128, 128, 3) uint8 RGB  `positions` (n, 128, 128, 3), crop
                                                              pixels, z in the same unit from the
                                                              map's mean, away from the camera;
                                                              `presence` (n,), 0 to 1
================================  ==========================  =====================================

Imported from MediaPipe's `face_landmarker.task`:

================================  ==========================  =====================================
face_landmark_v2                  (n, 256, 256, 3) uint8 RGB  as `face_landmark_478`
face_blendshapes                  `points` (n, 146, 2)        `weights` (n, 52), 0 to 1
                                  float32, pixels of any
                                  image
================================  ==========================  =====================================

Crops go in as they are: scaling to floats and the order of the channels are within the networks.
The batch may have any length n ≥ 1.
"""

from __future__ import annotations

from typing import Protocol

from ..arrays import AnyArray

NamedArrays = dict[str, AnyArray]


class Network(Protocol):
    """A loaded network. Not to be run by two threads at once; each opens its own."""

    def run(self, **inputs: AnyArray) -> NamedArrays:
        """Run the network on named arrays and return its named results.

        Raises
        ------
        ShapeError
            An input is missing, unknown, or of a shape or type that the network does not take.
        """
        ...

    def close(self) -> None:
        """Free what the network holds; it cannot be run any more."""
        ...
