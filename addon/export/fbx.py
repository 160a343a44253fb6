"""`.fbx`: shape keys and the object's motion, baked at every scene frame; texture embedded."""

from __future__ import annotations

from pathlib import Path

import addon_utils
import bpy

from ...core.errors import ExportError
from .expected import Expected
from .failure import failed

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


def check_fbx(path: Path, expected: Expected) -> None:
    """Raise unless the file holds every shape key with a curve, and curves of the motion."""
    from io_scene_fbx import parse_fbx  # there only once the add-on is enabled

    root, _version = parse_fbx.parse(str(path))
    objects = next((element for element in root.elems if element.id == b"Objects"), None)
    elements = [] if objects is None else objects.elems
    n_shapes = sum(e.id == b"Geometry" and e.props[-1] == b"Shape" for e in elements)
    n_wanted = sum(face.n_blendshapes for face in expected.faces)
    if n_shapes != n_wanted:
        raise failed(path, f"it holds {n_shapes} shape keys instead of {n_wanted}")
    if not expected.is_animated:
        return
    lengths = [_n_keys(e) for e in elements if e.id == b"AnimationCurve"]
    # Location, rotation and scale take nine curves a face.
    n_curves = n_wanted + 9 * len(expected.faces)
    if len(lengths) < n_curves:
        raise failed(path, f"it holds {len(lengths)} animation curves instead of {n_curves}")
    n_full = sum(length == expected.n_frames for length in lengths)
    if n_full < n_curves:
        raise failed(
            path, f"{n_full} of {n_curves} animation curves have all {expected.n_frames} frames"
        )


def _n_keys(curve: object) -> int:
    """Count the keys of a parsed curve."""
    return next(len(e.props[0]) for e in curve.elems if e.id == b"KeyTime")
