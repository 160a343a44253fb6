"""Take → a file for another program, written by a Blender of its own while this one goes on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ...core.jobs import Job
from ...core.progress import OnProgress, Progress
from ...core.scene_job import SceneWriter
from ..active_take import active_take
from ..job_operator import JobOperator, Outcome
from .polls import has_take

if TYPE_CHECKING:
    from ...core.outputs import Written


@dataclass(frozen=True, slots=True)
class _JobSession:
    """What writing outputs asks of whoever wants them; see `core.outputs.OutputSession`."""

    on_progress: OnProgress
    scene_writer: SceneWriter

    def check_scene_writer(self) -> None:
        """Raise where no Blender can be started."""
        from ..scene_process import blender_command

        blender_command()

    def check(self) -> None:
        """Raise if someone asked to stop."""
        self.on_progress(Progress("write", 0, None))

    def report(self, progress: Progress) -> None:
        """Show progress."""
        self.on_progress(progress)


class MIEN_OT_export_take(JobOperator, bpy.types.Operator):
    """Write the take as a file for another program, and check what the file holds"""

    bl_idname = "mien.export_take"
    bl_label = "Export Face"
    bl_options = {"INTERNAL"}

    job_name = "Exporting"

    filepath: StringProperty(
        name="File",
        description="File to write; its suffix chooses the format",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    check_existing: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_glob: StringProperty(default="", options={"HIDDEN", "SKIP_SAVE"})
    suffix: StringProperty(
        description="Format to offer, by its suffix; empty takes the panel's",
        options={"HIDDEN", "SKIP_SAVE"},
    )
    step: EnumProperty(
        items=(("WRITE", "Write", ""), ("CHOOSE", "Choose", "")),
        options={"HIDDEN", "SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say whether there is a take."""
        return has_take(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the file, unless it is named; then write it behind a timer."""
        if self.filepath:
            return super().invoke(context, event)
        suffix = self.suffix or context.scene.mien.export.suffix
        entry = active_take(context.scene)
        home = Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()
        self.filepath = str(home / f"{bpy.path.clean_name(entry.name)}{suffix}")
        self.filter_glob = f"*{suffix}"
        self.step = "CHOOSE"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write the file; after the file browser in the same way as from a button."""
        if self.step == "CHOOSE":
            # Only a new call gets a timer of its own; no data API starts an operator.
            bpy.ops.mien.export_take("INVOKE_DEFAULT", filepath=self.filepath)
            return {"FINISHED"}
        return super().execute(context)

    def make_job(self, context: bpy.types.Context) -> Job:
        """Gather what is written."""
        from ...core.outputs import OutputSettings, check_outputs, write_outputs
        from ...core.takes import read_take
        from ..scene_process import SceneProcess

        scene, mien = context.scene, context.scene.mien
        take = read_take(active_take(scene).folder)
        settings = OutputSettings(
            smooth=mien.smoothing.to_settings(),
            mesh=mien.mesh.to_mesh_settings(),
            animate=mien.mesh.to_animate_settings(),
            has_camera=mien.export.use_camera,
            has_texture=mien.export.use_texture,
            scene_rate_hz=None
            if mien.animate.timing == "FOOTAGE"
            else scene.render.fps / scene.render.fps_base,
            span=mien.export.span(scene),
        )
        path = Path(bpy.path.abspath(self.filepath))
        n_faces = sum(bool(track.presence.any()) for track in take.faces)

        def task(on_progress: OnProgress) -> Written:
            session = _JobSession(on_progress, SceneProcess())
            outputs = check_outputs(
                [path],
                settings=settings,
                session=session,
                footage=take.footage.path,
                n_faces=n_faces,
            )
            return write_outputs(take, outputs, settings=settings, session=session)[0]

        return Job(task, name="mien-export")

    def apply_result(self, context: bpy.types.Context, result: Written) -> Outcome:
        """Say what was written, and what it does not hold."""
        from ..scene.hand_edits import is_edited
        from ..shown_take import standing_of

        faces = standing_of(context.scene, active_take(context.scene)).faces.values()
        edited = [face.name for face in faces if is_edited(face)]
        warnings = list(result.warnings)
        if edited:
            warnings.append(
                f"What was edited by hand on {', '.join(map(repr, edited))} is not in it: "
                "Blender's own File > Export writes that."
            )
        return Outcome(f"Wrote {result.line}", tuple(warnings))


register, unregister = bpy.utils.register_classes_factory((MIEN_OT_export_take,))
