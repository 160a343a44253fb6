"""Checks a file by opening it again, in a scene that is thrown away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np

from ..scene.timeline import always_shown
from .expected import Expected, world_vertices
from .failure import POSITION_TOLERANCE_M, failed


def check_reopened(
    path: Path,
    expected: Expected,
    *,
    importer: Callable[[Path], None],
    inspect: Callable[[list[bpy.types.Object]], None] = lambda faces: None,
) -> None:
    """Raise unless the file has every face where it was, at a few frames, over the whole range.

    `inspect` may look at the faces as well while they are there.
    """
    with _throwaway_scene() as scene:
        try:
            importer(path)
        except RuntimeError as error:
            said = str(error).partition("\n")[0].removeprefix("Error: ")
            raise failed(path, f"Blender cannot read it again ({said})") from error
        found = (scene.frame_start, scene.frame_end)
        wanted = (expected.frame_start, expected.frame_end)
        if expected.is_moving and found != wanted:
            raise failed(path, f"it runs over the frames {found} instead of {wanted}")
        # Importers may rename, and keep the objects' order no better than an exporter does.
        left = [obj for obj in scene.objects if obj.type == "MESH"]
        if len(left) != len(expected.faces):
            raise failed(path, f"it holds {len(left)} of {len(expected.faces)} faces")
        inspect(left)
        moves = [_move(scene, obj, frames=expected.probes) for obj in left]
    for face in expected.faces:
        error_m = min(_worst_error(move, face.world_m) for move in moves)
        if error_m > POSITION_TOLERANCE_M:
            raise failed(path, f"'{face.name}' lies {error_m * 1e3:.3g} mm off in it")


def _move(
    scene: bpy.types.Scene, face: bpy.types.Object, *, frames: tuple[int, ...]
) -> list[np.ndarray]:
    """Evaluate a face's vertices in the world at some frames, lost or not."""
    with always_shown(face):
        return [world_vertices(scene, face, frame) for frame in frames]


def _worst_error(found: list[np.ndarray], wanted: np.ndarray) -> float:
    """Return the largest distance of a vertex at any probe; infinite where the meshes differ."""
    if any(len(vertices) != wanted.shape[1] for vertices in found):
        return float("inf")
    return float(np.linalg.norm(np.stack(found) - wanted, axis=-1).max())


@contextmanager
def _throwaway_scene() -> Iterator[bpy.types.Scene]:
    """Make a new scene the context's, and remove it with all that came into the file meanwhile."""
    before = _blocks()
    render = bpy.context.scene.render
    scene = bpy.data.scenes.new("Reopened")
    # Files hold seconds: frames agree only at the same rate.
    scene.render.fps, scene.render.fps_base = render.fps, render.fps_base
    try:
        with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
            yield scene
    finally:
        bpy.data.batch_remove([block for block in _blocks() if block not in before])


def _blocks() -> set[bpy.types.ID]:
    """Return every data-block of the file."""
    return {
        block
        for prop in bpy.data.bl_rna.properties
        if prop.type == "COLLECTION"
        for block in getattr(bpy.data, prop.identifier)
        if isinstance(block, bpy.types.ID)
    }
