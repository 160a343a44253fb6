"""Take → the texture of each of its faces, from the stills that were kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import ImageArray
from ..geometry import canonical_face_of
from ..mesh.face_texture import unwrap_face_texture
from ..records import FaceTopology, FaceTrack, Performance, Still, Take
from ..takes import read_stills


def face_textures(take: Take, performances: Sequence[Performance]) -> list[ImageArray | None]:
    """Make the texture of every face of a take that was seen at all.

    Parameters
    ----------
    take : read from disk
    performances : its faces, solved

    Returns
    -------
    list
        One a performance: (1024, 1024, 3) RGB, or None where a face has no stills.

    Raises
    ------
    TakeError
        A still is damaged.
    """
    assert take.folder is not None
    stills = read_stills(take.folder)
    return [
        _texture(
            [still for still in stills if still.face_index == performance.face_index],
            take.faces[performance.face_index],
            take=take,
            topology=_topology_of(performance, take.faces[performance.face_index]),
        )
        for performance in performances
    ]


def _topology_of(performance: Performance, track: FaceTrack) -> FaceTopology:
    """Return the mesh of a take's landmarks; that of a denser performance shares its UV map."""
    topology, n_landmarks = performance.topology, track.landmarks_px.shape[1]
    if len(topology.neutral_m) == n_landmarks:
        return topology
    return canonical_face_of(n_landmarks).topology


def _texture(
    stills: list[Still], track: FaceTrack, *, take: Take, topology: FaceTopology
) -> ImageArray | None:
    """Unwrap those stills of a face in whose frames it has landmarks."""
    row_of_frame = {int(index): row for row, index in enumerate(take.frame_index)}
    usable = [
        (still, row)
        for still in stills
        if (row := row_of_frame.get(still.frame_index)) is not None and track.presence[row] > 0
    ]
    if not usable:
        return None
    return unwrap_face_texture(
        [still for still, _ in usable],
        np.stack([track.landmarks_px[row] for _, row in usable]),
        topology=topology,
    )
