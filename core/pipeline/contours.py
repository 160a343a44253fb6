"""Which lines are accented where a face is drawn, by its mesh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..geometry import is_of_map, load_map_face
from ..landmarks import CONTOURS


def contours_of_mesh(n_points: int) -> Mapping[str, Sequence[Sequence[int]]]:
    """Return closed lines of points by the name of what they surround.

    Parameters
    ----------
    n_points : of the mesh: FaceMesh's, or one that is sampled from a position map; there the lines
        go through the 68 iBUG landmarks
    """
    return load_map_face(n_points).contours if is_of_map(n_points) else CONTOURS
