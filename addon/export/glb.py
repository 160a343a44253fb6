"""`.glb`: morph targets and the node's motion, sampled at every scene frame; texture inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import addon_utils
import bpy

from ...core.errors import ExportError

_ADDON = "io_scene_gltf2"


def write_glb(path: Path, *, has_camera: bool) -> None:
    """Export the scene.

    Raises
    ------
    ExportError
        This Blender has no glTF exporter.
    """
    if addon_utils.enable(_ADDON) is None:
        raise ExportError("This Blender has no glTF exporter (the add-on 'io_scene_gltf2').")
    scene = bpy.context.scene
    for action in bpy.data.actions:
        # Else the exporter stops at the last whole frame before an action's last key.
        action.use_frame_range = True
        action.frame_start, action.frame_end = scene.frame_start, scene.frame_end
    with _right_times(scene):
        bpy.ops.export_scene.gltf(
            filepath=str(path),
            check_existing=False,
            export_format="GLB",
            export_cameras=has_camera,
            export_extras=True,
            # The default splits motion and expression into two animations that play one by one.
            export_animation_mode="ACTIVE_ACTIONS",
            export_force_sampling=True,
            export_optimize_animation_size=False,
            # Without them an opened jaw is lit as if it were closed; they double the targets' size.
            export_morph_normal=True,
        )


@contextmanager
def _right_times(scene: bpy.types.Scene) -> Iterator[None]:
    """Undo for a while that the exporter multiplies by `fps_base` where it should divide."""
    base = scene.render.fps_base
    scene.render.fps_base = 1.0 / base
    try:
        yield
    finally:
        scene.render.fps_base = base
