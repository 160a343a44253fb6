"""The carrier `cache`: a Mesh Cache modifier that plays a point cache beside the .blend."""

from __future__ import annotations

from pathlib import Path

import bpy

MESH_CACHE = "Mesh Cache"


def add_mesh_cache(face: bpy.types.Object, *, path: Path, start_frame: int) -> None:
    """Let a PC2 file with one sample a scene frame move the mesh.

    Parameters
    ----------
    face : the mesh object, with as many vertices as the file has points
    path : the point cache, scene space, metres
    start_frame : scene frame of the first sample; before it and after the last the mesh stands
    """
    modifier = face.modifiers.new(MESH_CACHE, "MESH_CACHE")
    modifier.cache_format = "PC2"
    modifier.filepath = str(path)
    modifier.interpolation = "LINEAR"
    modifier.deform_mode = "OVERWRITE"
    modifier.play_mode = "SCENE"
    modifier.time_mode = "FRAME"
    modifier.frame_start = start_frame
