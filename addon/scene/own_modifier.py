"""The modifiers that Mien adds, told from the artist's own by their names."""

from __future__ import annotations

import bpy


def own_modifier(
    face: bpy.types.Object, name: str, kind: str, *, is_wanted: bool
) -> bpy.types.Modifier | None:
    """Find a modifier of Mien's where the artist has put it; add it in front, or take it away."""
    found = next((one for one in face.modifiers if (one.name, one.type) == (name, kind)), None)
    if not is_wanted:
        if found is not None:
            face.modifiers.remove(found)
        return None
    if found is None:
        found = face.modifiers.new(name, kind)
        # What the artist added works on the result.
        face.modifiers.move(len(face.modifiers) - 1, 0)
    return found
