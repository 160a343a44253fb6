"""Mien in Blender's own menus: Add, File > Export, and a video dropped into a 3D view."""

from __future__ import annotations

import bpy

from .active_take import active_take
from .choices import EXPORT_FORMATS
from .session import SESSION

_VIDEO_SUFFIXES = (
    ".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".mts", ".m2ts", ".ogv",
    ".gif",
)  # fmt: skip


class MIEN_FH_video(bpy.types.FileHandler):
    """A video that is dropped into a 3D view is captured."""

    bl_idname = "MIEN_FH_video"
    bl_label = "Capture Face"
    bl_import_operator = "mien.capture"
    bl_file_extensions = ";".join(_VIDEO_SUFFIXES)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Say whether a drop would begin a capture."""
        is_view = context.area is not None and context.area.type == "VIEW_3D"
        return is_view and not SESSION.is_busy and not context.scene.mien.is_too_new


class MIEN_MT_export(bpy.types.Menu):
    """Formats that a take can be written as"""

    bl_idname = "MIEN_MT_export"
    bl_label = "Captured Face"

    def draw(self, context: bpy.types.Context) -> None:
        """List the formats."""
        for suffix, label, _ in EXPORT_FORMATS:
            operator = self.layout.operator("mien.export_take", text=f"{label} ({suffix})")
            operator.suffix = suffix


def _draw_export(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    """Add the formats to File > Export."""
    if active_take(context.scene) is not None:
        menu.layout.menu(MIEN_MT_export.bl_idname)


def _draw_add(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    """Add the face of the chosen take, or the capture of one, to the Add menu."""
    layout = menu.layout
    before = layout.operator_context
    # The Add menu runs operators without asking: no file browser would open, no window stay free.
    layout.operator_context = "INVOKE_REGION_WIN"
    if active_take(context.scene) is not None:
        layout.operator("mien.build", text="Captured Face", icon="USER")
    else:
        layout.operator("mien.choose_footage", text="Captured Face", icon="USER")
    layout.operator_context = before  # others draw below


_register_classes, _unregister_classes = bpy.utils.register_classes_factory(
    (MIEN_FH_video, MIEN_MT_export)
)


def register() -> None:
    """Add to the menus."""
    _register_classes()
    bpy.types.TOPBAR_MT_file_export.append(_draw_export)
    bpy.types.VIEW3D_MT_add.append(_draw_add)


def unregister() -> None:
    """Take everything back."""
    bpy.types.VIEW3D_MT_add.remove(_draw_add)
    bpy.types.TOPBAR_MT_file_export.remove(_draw_export)
    _unregister_classes()
