"""Take → face, again and again: smoothing, mesh and carrier are changed without the footage."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import bpy
from bpy.props import EnumProperty

from ...core.jobs import Job
from ...core.settings import SmoothSettings
from ..active_take import active_take, mark_of
from ..job_operator import JobOperator, Outcome
from .polls import has_take

if TYPE_CHECKING:
    from ..prepared import PreparedTake

PRESETS: dict[str, tuple[str, str, dict[str, object]]] = {
    "DEFAULT": ("Default", "Mien's own choice: keeps what a face does, calms the rest", {}),
    "CALM": (
        "Calm",
        "For faces that hardly move, interviews, or a noisy camera",
        {"motion_threshold": 2.4},
    ),
    "LIVELY": (
        "Lively",
        "Keeps quick consonants and small twitches, and some of the noise",
        {"motion_threshold": 0.8},
    ),
    "RAW": ("Raw", "Nothing is smoothed: the landmarks as they were captured", {"mode": "none"}),
}
"""Smoothing by name: a label, a tooltip, and what differs from the defaults."""


class MIEN_OT_build(JobOperator, bpy.types.Operator):
    """Build the face of the take with these settings. A face that stands is changed in place"""

    bl_idname = "mien.build"
    bl_label = "Build Face"
    bl_options = {"UNDO"}

    job_name = "Building"
    _scene = 0

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say whether there is a take to build."""
        return has_take(cls, context)

    def make_job(self, context: bpy.types.Context) -> Job:
        """Gather what is built."""
        from ..prepared import prepare_take
        from ..shown_take import order_of

        entry = active_take(context.scene)
        self._scene = mark_of(context.scene)
        order = order_of(context.scene, entry, entry.folder)
        return Job(lambda on_progress: prepare_take(order, on_progress), name="mien-build")

    def apply_result(self, context: bpy.types.Context, result: PreparedTake) -> Outcome:
        """Build the face."""
        from ..shown_take import entry_of, show_take, target_scene
        from ..view import look_at_faces

        scene = target_scene(self._scene, folder=result.order.folder)
        entry = entry_of(scene, result.order.folder)
        was_built = entry is not None and entry.is_built
        shown = show_take(scene, result)
        if not was_built and scene == context.scene:
            look_at_faces(context)
        return Outcome(f"Built {shown.line}", shown.warnings)


class MIEN_OT_view_face(bpy.types.Operator):
    """Turn the 3D view to the face, through its camera, and leave out what hides it"""

    bl_idname = "mien.view_face"
    bl_label = "View Face"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say whether there is a face to be seen."""
        entry = active_take(context.scene)
        if entry is None or not entry.is_built:
            cls.poll_message_set("Build the face first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Look at it."""
        from ..view import look_at_faces

        look_at_faces(context)
        return {"FINISHED"}


_PRESET_NAMES = (
    "mode", "motion_threshold", "calm_cutoff_hz", "min_cutoff_hz", "beta", "quick_gain",
)  # fmt: skip


class MIEN_OT_smoothing_preset(bpy.types.Operator):
    """Set the smoothing to a preset, and build the face again if it stands"""

    bl_idname = "mien.smoothing_preset"
    bl_label = "Smoothing Preset"
    bl_options = {"UNDO", "INTERNAL"}

    preset: EnumProperty(
        name="Preset",
        items=tuple((name, label, tip) for name, (label, tip, _) in PRESETS.items()),
        options={"SKIP_SAVE"},
    )

    @classmethod
    def description(
        cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties
    ) -> str:
        """Give each preset a tooltip of its own."""
        return PRESETS[properties.preset][1]

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set the values; the build is a step of its own."""
        smoothing = context.scene.mien.smoothing
        settings = SmoothSettings(**PRESETS[self.preset][2])
        for name in _PRESET_NAMES:
            setattr(smoothing, name, getattr(settings, name))
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Set the values, and show what they do."""
        self.execute(context)
        entry = active_take(context.scene)
        if entry is not None and entry.is_built and MIEN_OT_build.poll(context):
            with suppress(RuntimeError):  # it has shown its error already
                bpy.ops.mien.build("INVOKE_DEFAULT")
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (MIEN_OT_build, MIEN_OT_view_face, MIEN_OT_smoothing_preset)
)
