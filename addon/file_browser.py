"""Modal base of long operators that ask for a file first."""

from __future__ import annotations

import operator

import bpy
from bpy.props import EnumProperty

from .job_operator import JobOperator


class FileJobOperator(JobOperator):
    """Asks for its `filepath`, unless it is named; then runs its job behind a timer all the same.

    A file browser calls `execute`, which blocks the window; only a new call gets a timer.
    """

    step: EnumProperty(
        items=(("RUN", "Run", ""), ("CHOOSE", "Choose", "")), options={"HIDDEN", "SKIP_SAVE"}
    )

    def offer(self, context: bpy.types.Context) -> None:
        """Set what the file browser shows at first."""

    def chosen_file(self) -> str:
        """Return the file that was meant by what was chosen."""
        return self.filepath

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the file, unless it is named; then begin."""
        if self.filepath:
            return super().invoke(context, event)
        self.offer(context)
        self.step = "CHOOSE"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do the job; after the file browser in the same way as from a button."""
        if self.step != "CHOOSE":
            return super().execute(context)
        values = self.as_keywords(ignore=("step",)) | {"filepath": self.chosen_file()}
        call = operator.attrgetter(type(self).bl_idname)(bpy.ops)
        try:
            call("INVOKE_DEFAULT", **values)
        except RuntimeError as error:
            # The inner call has noted its error, but Blender shows only what the outer one reports.
            self.report({"ERROR"}, str(error).removeprefix("Error: ").strip())
            return {"CANCELLED"}
        return {"FINISHED"}
