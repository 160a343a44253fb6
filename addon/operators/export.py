"""Take → a file for another program, written by a Blender of its own while this one goes on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, StringProperty

from ...core.jobs import Job
from ...core.progress import OnProgress, Progress
from ...core.scene_job import SceneWriter
from ..active_take import active_take, mark_of, scene_of
from ..choices import EXPORT_FORMATS
from ..file_browser import FileJobOperator
from ..job_operator import Outcome
from ..paths import file_name
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


class MIEN_OT_export_take(FileJobOperator, bpy.types.Operator):
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
    _scene_mark, _folder = 0, ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say whether there is a take."""
        return has_take(cls, context)

    def offer(self, context: bpy.types.Context) -> None:
        """Offer the take's name beside the .blend, in the format of the button."""
        self.suffix = self.suffix or context.scene.mien.export.suffix
        entry = active_take(context.scene)
        home = Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()
        self.filepath = str(home / f"{file_name(entry.name)}{self.suffix}")
        self.filter_glob = f"*{self.suffix}"

    def chosen_file(self) -> str:
        """Return the file's name with its suffix: the format that was offered, if it has none."""
        name = bpy.path.basename(self.filepath)
        is_whole = Path(name).suffix.lower() in {suffix for suffix, _, _ in EXPORT_FORMATS}
        if not name or is_whole:
            return self.filepath
        return bpy.path.ensure_ext(self.filepath, self.suffix)

    def check(self, context: bpy.types.Context) -> bool:
        """Complete the name while it is typed: Blender warns of a file that is there already."""
        before, self.filepath = self.filepath, self.chosen_file()
        return self.filepath != before

    def make_job(self, context: bpy.types.Context) -> Job:
        """Gather what is written."""
        from ...core.outputs import OutputSettings, check_outputs, write_outputs
        from ...core.takes import read_take
        from ..scene_process import SceneProcess

        scene, mien = context.scene, context.scene.mien
        self._scene_mark, self._folder = mark_of(scene), active_take(scene).folder
        take = read_take(self._folder)
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
        warnings, edited = list(result.warnings), self._edited_faces()
        if edited:
            warnings.append(
                f"What was edited by hand on {', '.join(map(repr, edited))} is not in it: "
                "Blender's own File > Export writes that."
            )
        return Outcome(f"Wrote {result.line}", tuple(warnings))

    def _edited_faces(self) -> list[str]:
        """Name what stands of the take and was edited; of a deleted take nothing stands."""
        from ..scene.hand_edits import is_edited
        from ..shown_take import entry_of, standing_of

        scene = scene_of(self._scene_mark)
        entry = None if scene is None else entry_of(scene, self._folder)
        faces = {} if entry is None else standing_of(scene, entry).faces
        return [face.name for face in faces.values() if is_edited(face)]


register, unregister = bpy.utils.register_classes_factory((MIEN_OT_export_take,))
