"""`.fbx`: shape keys and the object's motion, baked at every scene frame; texture embedded."""

from __future__ import annotations

from pathlib import Path

import addon_utils
import bpy

from ...core.errors import ExportError

_ADDON = "io_scene_fbx"


def write_fbx(path: Path, *, has_camera: bool) -> None:
    """Export the scene.

    Raises
    ------
    ExportError
        This Blender has no FBX exporter.
    """
    if addon_utils.enable(_ADDON) is None:
        raise ExportError("This Blender has no FBX exporter (the add-on 'io_scene_fbx').")
    bpy.ops.export_scene.fbx(
        filepath=str(path),
        check_existing=False,
        object_types={"MESH", "CAMERA"} if has_camera else {"MESH"},
        # Modifiers would cost the shape keys; there are none.
        use_mesh_modifiers=False,
        use_custom_props=True,
        add_leaf_bones=False,
        bake_anim=True,
        # One action an object, exactly: more would be written as takes of their own.
        bake_anim_use_all_actions=False,
        bake_anim_use_nla_strips=False,
        bake_anim_simplify_factor=0.0,
        path_mode="COPY",
        embed_textures=True,
    )
