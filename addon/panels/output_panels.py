"""Export and preview: what leaves Blender, and what is drawn over the footage."""

from __future__ import annotations

import bpy

from ..session import SESSION
from .panel import MienSubPanel, split_column


class MIEN_PT_export(MienSubPanel, bpy.types.Panel):
    """Files for other programs"""

    bl_label = "Export"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the format, what it takes along, and the button."""
        layout, export = self.layout, context.scene.mien.export
        layout.enabled = not SESSION.is_busy
        column = split_column(layout)
        column.prop(export, "suffix")
        if export.is_scene_file:
            column.prop(export, "use_texture")
            column.prop(export, "use_camera")
        column.prop(export, "use_range")
        row = layout.row()
        row.scale_y = 1.3
        row.operator("mien.export_take", icon="EXPORT")


class MIEN_PT_preview(MienSubPanel, bpy.types.Panel):
    """What is drawn over the footage"""

    bl_label = "Preview"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what is to be seen."""
        layout, preview = self.layout, context.scene.mien.preview
        column = split_column(layout)
        column.prop(preview, "show_overlay")
        inner = column.column()
        inner.active = preview.show_overlay
        inner.prop(preview, "show_contours")
        inner.prop(preview, "show_mesh")
        inner.prop(preview, "show_points")
        inner.prop(preview, "use_raw")
        inner.prop(preview, "opacity")
        column.separator()
        column.prop(preview, "show_strip")


register, unregister = bpy.utils.register_classes_factory((MIEN_PT_export, MIEN_PT_preview))
