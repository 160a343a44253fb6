"""The carrier `vertices`: three F-curves a vertex, each key of which can be edited."""

from __future__ import annotations

import bpy

from ...core.arrays import FloatArray, check_shape
from ...core.errors import ArgumentError
from .actions import Channel, Keys, animate

FIRST_CRASHING_VERSION = (5, 1, 0)


def check_vertex_curves(version: tuple[int, int, int]) -> None:
    """Raise where Blender would crash on animated vertices.

    Raises
    ------
    ArgumentError
        The version evaluates vertex F-curves on several threads at once and crashes.
    """
    if tuple(version) >= FIRST_CRASHING_VERSION:
        found = ".".join(map(str, version))
        raise ArgumentError(
            f"Carrier 'vertices' cannot be used in Blender {found}: versions from 5.1 on crash "
            "while they play F-curves on vertices. Choose 'absolute-keys' or 'cache', which are "
            "as exact, or Blender 5.0 or older."
        )


def add_vertex_curves(face: bpy.types.Object, *, positions_m: FloatArray, keys: Keys) -> None:
    """Animate every vertex of a mesh.

    Parameters
    ----------
    face : the mesh object
    positions_m : shape (n_keys, n_vertices, 3), metres, the object's own axes
    keys : when the positions hold

    Raises
    ------
    ArgumentError
        As `check_vertex_curves`.
    """
    check_vertex_curves(bpy.app.version)
    check_shape("positions_m", positions_m, (len(keys.frames), len(face.data.vertices), 3))
    channels = (
        Channel(f"vertices[{vertex}].co", positions_m[:, vertex, axis], axis, "Vertices")
        for vertex in range(positions_m.shape[1])
        for axis in range(3)
    )
    animate(face.data, channels, keys=keys)
