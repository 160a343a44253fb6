"""What all panels share: their place, and text that is too long for a line."""

from __future__ import annotations

import textwrap

import bpy

_CHARACTER_PX = 6.6
"""Mean width of a character of Blender's interface font, before the resolution scale."""
_MARGIN_PX = 50.0


class MienPanel:
    """A panel in the tab Mien of the 3D view's sidebar."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Mien"


class MienSubPanel(MienPanel):
    """A panel within the first one; there is none for files of a newer Mien."""

    bl_parent_id = "MIEN_PT_face_capture"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say whether this Mien may touch the file."""
        return not context.scene.mien.is_too_new


def draw_text(
    layout: bpy.types.UILayout, context: bpy.types.Context, text: str, *, icon: str = "NONE"
) -> None:
    """Draw text over as many lines as the region is narrow."""
    scale = context.preferences.system.ui_scale
    width = max(20, int((context.region.width / scale - _MARGIN_PX) / _CHARACTER_PX))
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(text, width)):
        # Lines stand below each other where the first has an icon and the others a blank one.
        other = "BLANK1" if icon != "NONE" else "NONE"
        column.label(text=line, icon=other if number else icon)


def split_column(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    """Return a column with names on the left and values on the right, as Blender's own."""
    layout.use_property_split = True
    layout.use_property_decorate = False
    return layout.column()
