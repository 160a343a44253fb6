"""`.blend`: the scene itself, compressed, with paths that can travel."""

from __future__ import annotations

import os
from pathlib import Path

import bpy

from .expected import Expected
from .failure import failed


def write_blend(path: Path, *, home: Path) -> None:
    """Save the whole file.

    Parameters
    ----------
    path : where to save; point caches lie beside it
    home : the folder in which it will stand with its caches once it is whole; paths lead from there
    """
    for obj in bpy.data.objects:
        for modifier in obj.modifiers:
            if modifier.type == "MESH_CACHE":
                modifier.filepath = f"//{Path(modifier.filepath).name}"
    for clip in bpy.data.movieclips:
        clip.filepath = _relative(Path(clip.filepath), home)
    bpy.ops.wm.save_as_mainfile(
        filepath=str(path), check_existing=False, compress=True, relative_remap=False, copy=True
    )


def check_blend(path: Path, expected: Expected) -> None:
    """Raise unless the file lists every face, its curves and its point cache."""
    with bpy.data.libraries.load(str(path)) as (inside, _):
        missing = [face.name for face in expected.faces if face.name not in inside.objects]
        n_actions = len(inside.actions)
    if missing:
        raise failed(path, f"it lacks the object '{missing[0]}'")
    if n_actions < len(expected.faces):
        raise failed(path, f"it holds {n_actions} actions for {len(expected.faces)} faces")


def _relative(path: Path, home: Path) -> str:
    """Return Blender's relative path, or the absolute one where a drive lies between."""
    try:
        return "//" + Path(os.path.relpath(path, home)).as_posix()
    except ValueError:
        return str(path)
