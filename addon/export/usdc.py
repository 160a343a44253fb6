"""`.usdc`: blend shapes or a point cache, and the object's motion."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...core.errors import ExportError
from .expected import Expected
from .reopened import check_reopened


def write_usdc(path: Path, *, has_camera: bool) -> None:
    """Export the scene; USD takes every object there is, the camera too if it was built.

    Raises
    ------
    ExportError
        This Blender was built without USD.
    """
    del has_camera
    if not bpy.app.build_options.usd:
        raise ExportError(
            "This Blender was built without USD. Use one from blender.org or the bpy module, "
            "or write '.fbx' or '.glb'."
        )
    has_relative_keys = any(
        mesh.shape_keys is not None and mesh.shape_keys.use_relative for mesh in bpy.data.meshes
    )
    bpy.ops.wm.usd_export(
        filepath=str(path),
        check_existing=False,
        export_animation=True,
        export_shapekeys=has_relative_keys,
        export_subdivision="TESSELLATE",
        evaluation_mode="RENDER",
    )


def check_usdc(path: Path, expected: Expected) -> None:
    """Raise unless Blender can open the file again and finds every face in it."""
    check_reopened(path, expected, importer=_import)


def _import(path: Path) -> None:
    bpy.ops.wm.usd_import(filepath=str(path), set_frame_range=True)
