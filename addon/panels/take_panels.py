"""Takes, smoothing, mesh and timing: from a take to a face."""

from __future__ import annotations

import bpy

from ...core.geometry import is_of_map
from ..active_take import active_take
from ..operators.build import PRESETS
from ..session import SESSION
from ..words import count_text, percent_text, rate_text
from .panel import MienSubPanel, draw_text, split_column


class MIEN_UL_takes(bpy.types.UIList):
    """The takes of a scene"""

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: bpy.types.PropertyGroup,
        item: bpy.types.PropertyGroup,
        icon: int,
        active_data: bpy.types.PropertyGroup,
        active_property: str,
    ) -> None:
        """Draw a name that can be changed by a double click, and its length."""
        symbol = "USER" if item.is_built else "FILE_MOVIE" if item.is_complete else "ERROR"
        row = layout.row(align=True)
        row.prop(item, "name", text="", emboss=False, icon=symbol)
        end = row.row()
        end.alignment = "RIGHT"
        end.label(text=f"{item.n_frames:,}")


class MIEN_MT_takes(bpy.types.Menu):
    """What else can be done with a take"""

    bl_idname = "MIEN_MT_takes"
    bl_label = "Take"

    def draw(self, context: bpy.types.Context) -> None:
        """List it."""
        layout = self.layout
        layout.operator("mien.take_duplicate", icon="DUPLICATE")
        layout.operator("mien.take_relocate", icon="FILE_MOVIE")
        layout.operator("mien.take_reveal", icon="FILEBROWSER")


class MIEN_PT_takes(MienSubPanel, bpy.types.Panel):
    """What was captured"""

    bl_label = "Takes"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the list and the chosen take."""
        layout, mien = self.layout, context.scene.mien
        row = layout.row()
        row.template_list(
            "MIEN_UL_takes", "", mien, "takes", mien, "active_take", rows=3, sort_lock=True
        )
        side = row.column(align=True)
        side.operator("mien.take_open", text="", icon="FILE_FOLDER")
        side.operator("mien.take_delete", text="", icon="REMOVE")
        side.separator()
        side.menu(MIEN_MT_takes.bl_idname, text="", icon="DOWNARROW_HLT")
        take = active_take(context.scene)
        if take is None:
            draw_text(layout, context, "Captured faces appear here.", icon="INFO")
            return
        _draw_take(layout, context, take)


class MIEN_PT_smoothing(MienSubPanel, bpy.types.Panel):
    """How jitter is calmed"""

    bl_label = "Smoothing"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw presets, settings, and what they did."""
        layout, smoothing = self.layout, context.scene.mien.smoothing
        layout.enabled = not SESSION.is_busy
        row = layout.row(align=True)
        for name, (label, _, _) in PRESETS.items():
            row.operator("mien.smoothing_preset", text=label).preset = name
        column = split_column(layout)
        column.prop(smoothing, "mode")
        if smoothing.mode == "best":
            column.prop(smoothing, "motion_threshold", text="Threshold")
            column.prop(smoothing, "calm_cutoff_hz")
        elif smoothing.mode == "live":
            column.prop(smoothing, "min_cutoff_hz", text="Min Cutoff")
            column.prop(smoothing, "beta")
            column.prop(smoothing, "quick_gain")
        column.prop(smoothing, "fill_gap_s")
        column.prop(smoothing, "depth")
        column.prop(smoothing, "scale")
        take = active_take(context.scene)
        if take is not None and take.is_built:
            before, after = percent_text(take.jitter_before), percent_text(take.jitter_after)
            row = layout.row()
            row.label(text="Jitter")
            row.label(text=f"{before}  →  {after}")
        _draw_update(layout, context)


class MIEN_PT_mesh(MienSubPanel, bpy.types.Panel):
    """What the face is made of"""

    bl_label = "Mesh"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw mesh, carrier, texture and camera."""
        layout, mesh = self.layout, context.scene.mien.mesh
        layout.enabled = not SESSION.is_busy
        column = split_column(layout)
        column.prop(mesh, "subdivide")
        if mesh.subdivide:
            column.prop(mesh, "use_limit_surface")
        take = active_take(context.scene)
        if take is not None and is_of_map(take.n_landmarks):
            column.prop(mesh, "density")
        elif take is not None and take.n_landmarks:
            column.label(text=f"Density: {count_text(take.n_landmarks, 'point')}")
        column.separator()
        column.prop(mesh, "carrier")
        if mesh.carrier == "shape-keys":
            column.prop(mesh, "tolerance_m")
        if take is not None and take.is_built and take.n_keys:
            column.label(text=f"Built with {count_text(take.n_keys, 'shape key')}")
        column.separator()
        column.prop(mesh, "use_texture")
        column.prop(mesh, "use_camera")
        _draw_update(layout, context)


class MIEN_PT_animate(MienSubPanel, bpy.types.Panel):
    """When and where the animation stands in the scene"""

    bl_label = "Animate"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw timing and place."""
        layout, scene = self.layout, context.scene
        layout.enabled = not SESSION.is_busy
        column = split_column(layout)
        column.prop(scene.mien.animate, "timing")
        column.prop(scene.mien.animate, "place")
        _draw_update(layout, context)


def _draw_take(
    layout: bpy.types.UILayout, context: bpy.types.Context, take: bpy.types.PropertyGroup
) -> None:
    """Draw what is in a take."""
    column = layout.column(align=True)
    row = column.row()
    row.label(text=count_text(take.n_frames, "frame"))
    row.label(text=rate_text(take.rate_hz))
    row = column.row()
    row.label(text=count_text(take.n_faces, "face"))
    row.label(text=f"lost in {take.n_lost:,}" if take.n_lost else "never lost")
    if not take.is_complete:
        layout.operator("mien.resume", icon="PLAY")
    for warning in _changed_since(context.scene, take):
        draw_text(layout.box(), context, warning, icon="ERROR")
    if take.is_built:
        layout.operator("mien.view_face", icon="HIDE_OFF")
    else:
        row = layout.row()
        row.scale_y = 1.3
        row.operator("mien.build", icon="USER")


def _draw_update(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the button that brings a standing face up to date, pressed in where it is not."""
    take = active_take(context.scene)
    if take is None or not take.is_built:
        return
    is_old = take.built_with != context.scene.mien.build_settings and not SESSION.is_busy
    layout.operator("mien.build", text="Update Face", icon="FILE_REFRESH", depress=is_old)


def _changed_since(scene: bpy.types.Scene, take: bpy.types.PropertyGroup) -> list[str]:
    """Say what of the scene no longer fits the face that stands."""
    if not take.is_built:
        return []
    warnings = []
    rate_hz = scene.render.fps / scene.render.fps_base
    if abs(rate_hz - take.built_rate_hz) > 1e-3:
        warnings.append(
            f"The scene plays at {rate_text(rate_hz)}, the face was built for "
            f"{rate_text(take.built_rate_hz)}. Update the face, or set the rate back."
        )
    scale = scene.unit_settings.scale_length
    if abs(scale / take.built_scale - 1.0) > 1e-4:
        warnings.append(
            f"The scene's unit scale is {scale:g}, the face was built for {take.built_scale:g}. "
            "Update the face to bring it to its real size."
        )
    return warnings


register, unregister = bpy.utils.register_classes_factory(
    (MIEN_UL_takes, MIEN_MT_takes, MIEN_PT_takes, MIEN_PT_smoothing, MIEN_PT_mesh, MIEN_PT_animate)
)
