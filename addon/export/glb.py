"""`.glb`: morph targets and the node's motion, sampled at every scene frame; texture inside."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import addon_utils
import bpy

from ...core.errors import ExportError
from .expected import Expected
from .failure import failed

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
    with _right_times(bpy.context.scene):
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
            export_morph_normal=False,
        )


def check_glb(path: Path, expected: Expected) -> None:
    """Raise unless the file holds every target, and one animation of expression and motion."""
    document = _document(path)
    meshes = document.get("meshes", [])
    targets = sorted(len(mesh["primitives"][0].get("targets", [])) for mesh in meshes)
    wanted = sorted(face.n_blendshapes for face in expected.faces)
    if targets != wanted:
        raise failed(path, f"its meshes have {targets} morph targets instead of {wanted}")
    if expected.is_animated:
        _check_animation(path, document, expected)


def _check_animation(path: Path, document: dict[str, Any], expected: Expected) -> None:
    """Raise unless the animation moves every face, on every frame, at the right times."""
    animations = document.get("animations", [])
    if len(animations) != 1:
        raise failed(path, f"it holds {len(animations)} animations instead of one")
    found = [channel["target"]["path"] for channel in animations[0]["channels"]]
    n_morphing = sum(face.n_blendshapes > 0 for face in expected.faces)
    wanted = {"weights": n_morphing, "rotation": len(expected.faces)}
    for kind, count in wanted.items():
        if found.count(kind) < count:
            raise failed(path, f"it animates the {kind} of {found.count(kind)} of {count} faces")
    duration_s = (expected.n_frames - 1) / expected.rate_hz
    for sampler in animations[0]["samplers"]:
        times = document["accessors"][sampler["input"]]
        if times["count"] != expected.n_frames:
            raise failed(path, f"it has {times['count']} of {expected.n_frames} frames")
        if abs(times["max"][0] - times["min"][0] - duration_s) > 0.1 / expected.rate_hz:
            found_s = times["max"][0] - times["min"][0]
            raise failed(path, f"it lasts {found_s:.3f} s instead of {duration_s:.3f} s")


@contextmanager
def _right_times(scene: bpy.types.Scene) -> Iterator[None]:
    """Undo for a while that the exporter multiplies by `fps_base` where it should divide."""
    base = scene.render.fps_base
    scene.render.fps_base = 1.0 / base
    try:
        yield
    finally:
        scene.render.fps_base = base


def _document(path: Path) -> dict[str, Any]:
    """Read the JSON of a .glb."""
    content = path.read_bytes()
    if len(content) < 20:
        raise failed(path, f"it has {len(content)} bytes")
    magic, _version, length, json_length, kind = struct.unpack_from("<4sIII4s", content)
    if magic != b"glTF" or kind != b"JSON" or length != len(content):
        raise failed(path, f"it has {len(content)} bytes, its header says {length}")
    document: dict[str, Any] = json.loads(content[20 : 20 + json_length])
    return document
