"""A solved face → the named weights of its expression, where the network for them is installed."""

from __future__ import annotations

from collections.abc import Sequence

from ..animate import N_LANDMARKS_READ, weights_from_landmarks
from ..inference.weights import list_weights, open_network
from ..records import BlendshapeWeights, Performance

BLENDSHAPES_WEIGHTS = "face_blendshapes"


def blendshape_weights(performances: Sequence[Performance]) -> list[BlendshapeWeights | None]:
    """Read the weights of each face, one entry a performance.

    None where the mesh has no irises, and everywhere unless MediaPipe's network for it was
    imported.

    Raises
    ------
    WeightsCorrupt, BackendError
        The network is damaged, or nothing can run it.
    """
    is_installed = any(weights.name == BLENDSHAPES_WEIGHTS for weights in list_weights())
    readable = [p.landmarks_smooth_px.shape[1] == N_LANDMARKS_READ for p in performances]
    if not is_installed or not any(readable):
        return [None] * len(performances)
    network = open_network(BLENDSHAPES_WEIGHTS)
    try:
        return [
            weights_from_landmarks(performance.landmarks_smooth_px, network) if can_read else None
            for performance, can_read in zip(performances, readable, strict=True)
        ]
    finally:
        network.close()
