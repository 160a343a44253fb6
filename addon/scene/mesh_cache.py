"""The carrier `cache`: a Mesh Cache modifier that plays a point cache beside the .blend."""

from __future__ import annotations

from pathlib import Path

import bpy

from .own_modifier import own_modifier

NAME = "Mien Mesh Cache"


def set_mesh_cache(face: bpy.types.Object, *, path: Path | None, start_frame: int) -> None:
    """Let a PC2 file with one sample a scene frame move the mesh, or no longer.

    Parameters
    ----------
    face : the mesh object, with as many vertices as the file has points
    path : the point cache, scene space, metres; None takes the modifier away
    start_frame : scene frame of the first sample; before it and after the last the mesh stands
    """
    modifier = own_modifier(face, NAME, "MESH_CACHE", is_wanted=path is not None)
    if modifier is None:
        return
    modifier.cache_format = "PC2"
    modifier.filepath = _path_in_file(path)
    modifier.interpolation = "LINEAR"
    modifier.deform_mode = "OVERWRITE"
    modifier.play_mode = "SCENE"
    modifier.time_mode = "FRAME"
    modifier.frame_start = start_frame


def _path_in_file(path: Path) -> str:
    """Return a path as seen from the saved file, which may move with what lies beside it."""
    if not bpy.data.filepath:
        return str(path)
    try:
        return bpy.path.relpath(str(path))
    except ValueError:  # on another drive
        return str(path)
