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
