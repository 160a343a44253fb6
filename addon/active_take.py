"""The take that the panel shows, of a scene."""

from __future__ import annotations

import bpy


def active_take(scene: bpy.types.Scene) -> bpy.types.PropertyGroup | None:
    """Return the chosen entry of the list of takes; None where the list is empty."""
    mien = scene.mien
    index = mien.active_take
    return mien.takes[index] if 0 <= index < len(mien.takes) else None


def active_take_folder(scene: bpy.types.Scene) -> str:
    """Return the absolute folder of the chosen take; empty where there is none."""
    take = active_take(scene)
    return "" if take is None else take.folder


def mark_of(scene: bpy.types.Scene) -> int:
    """Return what `scene_of` finds a scene again by: a job may outlast its being shown, or renamed.

    It holds for as long as the file is open, through undo too; a reference to the scene does not.
    """
    return scene.session_uid


def scene_of(mark: int) -> bpy.types.Scene | None:
    """Return the scene that `mark_of` marked; None where it was deleted in the meantime."""
    return next((scene for scene in bpy.data.scenes if scene.session_uid == mark), None)
