"""`.abc`: a point cache of the evaluated mesh, and the object's motion."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...core.errors import ExportError
from .expected import Expected
from .reopened import check_reopened


def write_abc(path: Path, *, has_camera: bool) -> None:
    """Export the scene; Alembic takes every object there is, the camera too if it was built.

    Raises
    ------
    ExportError
        This Blender was built without Alembic.
    """
    del has_camera
    if not bpy.app.build_options.alembic:
        raise ExportError(
            "This Blender was built without Alembic. Use one from blender.org or the bpy module, "
            "or write '.fbx' or '.glb'."
        )
    scene = bpy.context.scene
    bpy.ops.wm.alembic_export(
        filepath=str(path),
        check_existing=False,
        start=scene.frame_start,
        end=scene.frame_end,
        apply_subdiv=True,
        evaluation_mode="RENDER",
        as_background_job=False,
    )


def check_abc(path: Path, expected: Expected) -> None:
    """Raise unless Blender can open the file again and finds every face in it."""
    check_reopened(path, expected, importer=_import)


def _import(path: Path) -> None:
    bpy.ops.wm.alembic_import(
        filepath=str(path),
        set_frame_range=True,
        as_background_job=False,
        always_add_cache_reader=False,
    )
