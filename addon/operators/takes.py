"""The list of takes: open, duplicate, delete, and where the footage lies now."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import BoolProperty, StringProperty

from ...core.errors import MienError, TakeError
from ...core.jobs import Job
from ..active_take import active_take, mark_of, scene_of
from ..file_browser import FileJobOperator
from ..job_operator import JobOperator, Outcome
from ..session import SESSION
from ..solved import SOLVED
from ..words import count_text
from .polls import can_begin, has_take


class _TakeOperator:
    """What short operators on takes share: an error is shown, and nothing was changed."""

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do it, or say why not."""
        try:
            line = self.change(context)
        except MienError as error:
            SESSION.note("ERROR", str(error))
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        SESSION.note("INFO", line)
        self.report({"INFO"}, line)
        return {"FINISHED"}


class MIEN_OT_take_open(_TakeOperator, bpy.types.Operator):
    """Open a take from its folder on disk"""

    bl_idname = "mien.take_open"
    bl_label = "Open Take"
    bl_options = {"UNDO"}

    directory: StringProperty(
        name="Folder",
        description="Folder of the take: the one that holds 'take.json'",
        subtype="DIR_PATH",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say whether a take may be opened now."""
        return can_begin(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the folder."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def change(self, context: bpy.types.Context) -> str:
        """List the take."""
        from ...core.takes import read_take
        from ..shown_take import list_take

        folder = Path(bpy.path.abspath(self.directory)).absolute()
        take = read_take(folder)
        SOLVED.forget(str(folder))
        entry = list_take(context.scene, take)
        frames = count_text(take.n_frames, "frame")
        return f"Opened take '{entry.name}': {frames}, lost in {entry.n_lost}"


class MIEN_OT_take_duplicate(JobOperator, bpy.types.Operator):
    """Copy the take on disk, to smooth and build it in another way"""

    bl_idname = "mien.take_duplicate"
    bl_label = "Duplicate Take"
    bl_options = {"UNDO"}

    job_name = "Copying"
    _scene_mark = 0

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say whether there is a take."""
        return has_take(cls, context)

    def make_job(self, context: bpy.types.Context) -> Job:
        """Choose a name for the copy."""
        from ...core.takes import copy_take

        self._scene_mark = mark_of(context.scene)
        source = Path(active_take(context.scene).folder)
        numbers = range(2, 100_000)
        names = (source.with_name(f"{source.stem} copy {number}.take") for number in numbers)
        first = source.with_name(f"{source.stem} copy.take")
        target = first if not first.exists() else next(name for name in names if not name.exists())

        def task(on_progress: object) -> Path:
            copy_take(source, target)
            return target

        return Job(task, name="mien-copy")

    def apply_result(self, context: bpy.types.Context, result: Path) -> Outcome:
        """List the copy."""
        from ...core.takes import read_take
        from ..shown_take import list_take

        scene = scene_of(self._scene_mark)
        if scene is None:
            lost = "The scene that it was for is gone: open the copy from its folder."
            return Outcome(f"Copied the take to '{result}'", (lost,))
        entry = list_take(scene, read_take(result))
        return Outcome(f"Copied to take '{entry.name}'")


class MIEN_OT_take_delete(_TakeOperator, bpy.types.Operator):
    """Take the take out of the list. What was built from it stays"""

    bl_idname = "mien.take_delete"
    bl_label = "Delete Take"
    bl_options = {"UNDO"}

    use_delete_files: BoolProperty(
        name="Delete the Files, Too",
        description="Remove the take from the disk, which cannot be undone. Off: it can be opened "
        "again from its folder",
        default=False,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say whether there is a take."""
        return has_take(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask what is to go."""
        return context.window_manager.invoke_props_dialog(self, width=360)

    def draw(self, context: bpy.types.Context) -> None:
        """Name what is about to go."""
        entry = active_take(context.scene)
        if entry is not None:
            self.layout.label(text=f"Take '{entry.name}' leaves the list")
        self.layout.prop(self, "use_delete_files")

    def change(self, context: bpy.types.Context) -> str:
        """Remove the entry, and the files if asked for."""
        from ...core.takes import delete_take

        mien = context.scene.mien
        entry = active_take(context.scene)
        name, folder = entry.name, Path(entry.folder)
        if self.use_delete_files and folder.exists():
            delete_take(folder)
        SOLVED.forget(str(folder))
        mien.takes.remove(mien.active_take)
        mien.active_take = max(0, min(mien.active_take, len(mien.takes) - 1))
        gone = "and from the disk" if self.use_delete_files else f"its files stay in '{folder}'"
        return f"Removed take '{name}' from the list, {gone}"


class MIEN_OT_take_relocate(FileJobOperator, bpy.types.Operator):
    """Say where the footage of the take lies now, if it was moved or renamed"""

    bl_idname = "mien.take_relocate"
    bl_label = "Relocate Footage"
    bl_options = {"UNDO"}

    job_name = "Looking at the footage"
    _scene_mark = 0

    filepath: StringProperty(
        name="Footage", subtype="FILE_PATH", options={"SKIP_SAVE"}, description="Where it lies now"
    )
    is_trusted: BoolProperty(
        name="Shows the Same",
        description="Take a file whose content differs, such as a copy in another format",
        options={"SKIP_SAVE"},
    )
    filter_folder: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_movie: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_image: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say whether there is a take whose footage is a file."""
        if not has_take(cls, context):
            return False
        if active_take(context.scene).footage.startswith("camera:"):
            cls.poll_message_set("The take comes from a camera, whose pictures are gone")
            return False
        return True

    def offer(self, context: bpy.types.Context) -> None:
        """Begin where the footage was."""
        self.filepath = active_take(context.scene).footage

    def make_job(self, context: bpy.types.Context) -> Job:
        """Gather the take and the new place."""
        from ...core.pipeline import relocate_footage

        self._scene_mark = mark_of(context.scene)
        folder = active_take(context.scene).folder
        path, is_trusted = bpy.path.abspath(self.filepath), self.is_trusted

        def task(on_progress: object) -> str:
            relocate_footage(folder, path, is_trusted=is_trusted)
            return folder

        return Job(task, name="mien-relocate")

    def apply_result(self, context: bpy.types.Context, result: str) -> Outcome:
        """Show the new place."""
        from ...core.takes import read_take
        from ..shown_take import describe, entry_of

        scene, take = scene_of(self._scene_mark), read_take(result)
        entry = None if scene is None else entry_of(scene, result)
        if entry is None:
            lost = f"It is no longer in the list: open it from '{result}'."
            return Outcome(f"The footage of the take lies in '{take.footage.path}'", (lost,))
        describe(entry, take)
        return Outcome(f"The footage of take '{entry.name}' lies in '{entry.footage}'")


class MIEN_OT_take_reveal(_TakeOperator, bpy.types.Operator):
    """Show the take's folder in the file browser of the system"""

    bl_idname = "mien.take_reveal"
    bl_label = "Show Files"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say whether there is a take."""
        return has_take(cls, context)

    def change(self, context: bpy.types.Context) -> str:
        """Let the system show it."""
        entry = active_take(context.scene)
        name, folder = entry.name, entry.folder
        if not Path(folder).is_dir():
            raise TakeError(
                f"The folder of take '{name}' is gone: '{folder}'. Open the take from where it "
                "lies now."
            )
        try:
            is_shown = bpy.ops.wm.path_open(filepath=folder) == {"FINISHED"}
        except RuntimeError:  # Blender's own words are a traceback
            is_shown = False
        if not is_shown:
            raise TakeError(
                f"The system shows no folders. The files of take '{name}' lie in '{folder}'."
            )
        return f"The files of take '{name}' lie in '{folder}'"


register, unregister = bpy.utils.register_classes_factory(
    (
        MIEN_OT_take_open,
        MIEN_OT_take_duplicate,
        MIEN_OT_take_delete,
        MIEN_OT_take_relocate,
        MIEN_OT_take_reveal,
    )
)
