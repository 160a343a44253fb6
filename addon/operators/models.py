"""The networks' weights, and the report of the session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import StringProperty

from ...core.jobs import Job
from ..file_browser import FileJobOperator
from ..job_operator import JobOperator, Outcome
from ..preferences import refresh_models
from ..session import SESSION
from .polls import can_begin

if TYPE_CHECKING:
    from ...core.inference.weights import WeightFile


class MIEN_OT_models_import(FileJobOperator, bpy.types.Operator):
    """Take the authors' own file of a network: checked, converted, and kept in the user folder"""

    bl_idname = "mien.models_import"
    bl_label = "Import Model"
    bl_options = {"INTERNAL"}

    job_name = "Importing"
    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say whether an import may begin."""
        return can_begin(cls, context)

    def make_job(self, context: bpy.types.Context) -> Job:
        """Gather the file's name."""
        from ...core.convert.model_import import import_model

        path = Path(bpy.path.abspath(self.filepath))
        return Job(lambda on_progress: import_model(path), name="mien-import")

    def apply_result(self, context: bpy.types.Context, result: tuple[WeightFile, ...]) -> Outcome:
        """Show what is there now."""
        refresh_models()
        names = ", ".join(f"'{weights.name}' ({weights.engine})" for weights in result)
        return Outcome(f"Imported {names}")


class MIEN_OT_models_verify(JobOperator, bpy.types.Operator):
    """Check that every network is as it was listed, by its SHA-256"""

    bl_idname = "mien.models_verify"
    bl_label = "Verify Models"
    bl_options = {"INTERNAL"}

    job_name = "Verifying"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say whether a check may begin."""
        return can_begin(cls, context)

    def make_job(self, context: bpy.types.Context) -> Job:
        """Return the check."""
        from ...core.inference.weights import verify_weights

        return Job(lambda on_progress: verify_weights(), name="mien-verify")

    def apply_result(self, context: bpy.types.Context, result: dict[WeightFile, str]) -> Outcome:
        """Show what was found."""
        refresh_models(result)
        wrong = tuple(text for text in result.values() if text)
        n_whole = len(result) - len(wrong)
        return Outcome(f"{n_whole} of {len(result)} models are whole", wrong)


class MIEN_OT_copy_report(bpy.types.Operator):
    """Copy everything that Mien reported in this session, to send it to whoever can help"""

    bl_idname = "mien.copy_report"
    bl_label = "Copy Report"
    bl_options = {"INTERNAL"}

    def execute(self, context: Any) -> set[str]:
        """Put the report on the clipboard."""
        context.window_manager.clipboard = SESSION.report_text(bpy.app.version_string)
        self.report({"INFO"}, "Copied the session's report")
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (MIEN_OT_models_import, MIEN_OT_models_verify, MIEN_OT_copy_report)
)
