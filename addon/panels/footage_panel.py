"""Footage and capture: from a file to a take."""

from __future__ import annotations

import bpy

from ..footage import error_of, icon_of, is_looking_at, look_of, may_be_images, notice
from ..job_operator import seconds_left
from ..session import SESSION
from ..words import clock_text, count_text, duration_text, rate_text
from .panel import MienPanel, MienSubPanel, draw_text, split_column

_STAGES = {
    "capture": "Capturing",
    "smooth": "Smoothing",
    "solve": "Smoothing",
    "texture": "Painting",
    "shapes": "Shaping",
    "build": "Building",
    "write": "Writing",
    "overlay": "Drawing",
}
_THUMBNAIL_SCALE, _THUMBNAIL_SHARE = 5.5, 0.56


class MIEN_PT_face_capture(MienPanel, bpy.types.Panel):
    """The panel that holds all others"""

    bl_idname = "MIEN_PT_face_capture"
    bl_label = "Face Capture"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what runs, or what this Mien may not touch."""
        layout = self.layout
        if context.scene.mien.is_too_new:
            text = "This file was saved by a newer Mien. Update Mien to go on; nothing was changed."
            draw_text(layout.box(), context, text, icon="ERROR")
            return
        if SESSION.is_busy:
            _draw_progress(layout)


class MIEN_PT_footage(MienSubPanel, bpy.types.Panel):
    """What is captured"""

    bl_label = "Footage"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the choice, what it is, and the range."""
        layout, source = self.layout, context.scene.mien.source
        layout.enabled = not SESSION.is_busy
        layout.row().prop(source, "kind", expand=True)
        address = source.address
        if source.kind == "CAMERA":
            split_column(layout).prop(source, "camera_index")
            words = "Recording goes on until you press Esc or Stop."
            draw_text(layout, context, words, icon="INFO")
        elif source.kind == "CLIP":
            layout.template_ID(source, "clip", open="clip.open")
            if not address:
                draw_text(layout, context, "Choose a movie clip of this file.", icon="INFO")
        elif source.filepath:
            layout.prop(source, "filepath", text="")
        else:
            draw_text(layout, context, "Film a face, lit from the front, and choose the video.")
            column = layout.column()
            column.scale_y = 1.3
            column.operator("mien.choose_footage", icon="FILEBROWSER")
        if address and source.kind != "CAMERA":
            notice(address)
            _draw_look(layout, context, address)
            if may_be_images(address):
                split_column(layout).prop(source, "rate_hz")
        _draw_range(layout, source)


class MIEN_PT_capture(MienSubPanel, bpy.types.Panel):
    """How faces are found"""

    bl_label = "Capture"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the settings and the button."""
        layout, mien = self.layout, context.scene.mien
        column = split_column(layout)
        column.enabled = not SESSION.is_busy
        column.prop(mien.capture, "engine")
        column.prop(mien.capture, "quality")
        column.prop(mien.capture, "n_faces")
        column.prop(mien.capture, "detector")
        column.prop(mien.capture, "is_tracked")
        row = layout.row()
        row.scale_y = 1.5
        if SESSION.is_busy:
            row.operator("mien.stop", icon="CANCEL")
            return
        row.active = bool(mien.source.address)
        is_camera = mien.source.kind == "CAMERA"
        row.operator("mien.capture", text="Record" if is_camera else "Capture", icon="REC")


def _draw_progress(layout: bpy.types.UILayout) -> None:
    """Draw how far the running job is."""
    progress = SESSION.progress
    name = SESSION.job_name
    if SESSION.is_stopping:
        layout.progress(factor=0.0, text="Stopping …")
        return
    if progress is None:
        layout.progress(factor=0.0, text=f"{name} …")
        return
    name = _STAGES.get(progress.stage, name)
    factor, words = 0.0, [name]
    if progress.total:
        factor = min(progress.done / progress.total, 1.0)
        words.append(f"{factor:.0%}")
    elif progress.done:
        words.append(count_text(progress.done, "frame"))
    if progress.per_second > 0:
        words.append(f"{progress.per_second:.0f} fps")
    left_s = seconds_left(progress)
    if left_s is not None:
        words.append(f"{clock_text(left_s)} left")
    layout.progress(factor=factor, text="  ·  ".join(words))


def _draw_look(layout: bpy.types.UILayout, context: bpy.types.Context, address: str) -> None:
    """Draw the thumbnail, and what the footage is."""
    error = error_of(address)
    if error:
        draw_text(layout.box(), context, error, icon="ERROR")
        return
    look = look_of(address, rate_hz=context.scene.mien.source.rate_hz)
    if look is None and not is_looking_at(address):
        return
    # As high while there is nothing to be seen yet: buttons below do not jump under the mouse.
    row = layout.box().split(factor=_THUMBNAIL_SHARE)
    row.template_icon(icon_value=icon_of(address), scale=_THUMBNAIL_SCALE)
    column = row.column(align=True)
    if look is None:
        column.label(text="Looking …")
        return
    height, width = look.footage.size
    column.label(text=f"{width} × {height}")
    column.label(text=rate_text(look.footage.rate_hz))
    if look.duration_s is not None:
        column.label(text=duration_text(look.duration_s))
    if look.footage.n_frames is not None:
        column.label(text=count_text(look.footage.n_frames, "frame"))


def _draw_range(layout: bpy.types.UILayout, source: bpy.types.PropertyGroup) -> None:
    """Draw the part that is captured."""
    column = split_column(layout)
    if source.kind == "CAMERA":
        return
    column.prop(source, "use_range")
    if source.use_range:
        inner = column.column(align=True)
        inner.prop(source, "start_s")
        inner.prop(source, "end_s")


register, unregister = bpy.utils.register_classes_factory(
    (MIEN_PT_face_capture, MIEN_PT_footage, MIEN_PT_capture)
)
