"""`.blend`: the scene itself, compressed, with paths that can travel."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import bpy

from ...core.errors import ExportError
from ...core.export import read_pc2
from .expected import Expected, n_keys_of
from .failure import failed
from .reopened import check_reopened


def write_blend(path: Path, *, home: Path) -> None:
    """Save the whole file.

    Parameters
    ----------
    path : where to save; point caches lie beside it
    home : the folder in which it will stand with its caches once it is whole; paths lead from there
    """
    for obj in bpy.data.objects:
        for modifier in obj.modifiers:
            if modifier.type == "MESH_CACHE":
                modifier.filepath = f"//{Path(modifier.filepath).name}"
    for clip in bpy.data.movieclips:
        clip.filepath = _relative(Path(clip.filepath), home)
    bpy.ops.wm.save_as_mainfile(
        filepath=str(path), check_existing=False, compress=True, relative_remap=False, copy=True
    )


def check_blend(path: Path, expected: Expected) -> None:
    """Raise unless the file plays every face as the scene does, by the same curves and caches."""
    check_reopened(
        path,
        expected,
        importer=_link,
        inspect=lambda faces: _check_faces(path, faces, expected=expected),
    )


def _link(path: Path) -> None:
    """Show the faces of a file in the context's scene, without copying anything from it."""
    with bpy.data.libraries.load(str(path), link=True) as (inside, linked):
        linked.scenes = list(inside.scenes)
    scene = bpy.context.scene
    for other in linked.scenes:
        scene.frame_start, scene.frame_end = other.frame_start, other.frame_end
        for obj in other.objects:
            if obj.type == "MESH":
                scene.collection.objects.link(obj)


def _check_faces(path: Path, faces: list[bpy.types.Object], *, expected: Expected) -> None:
    """Raise unless every face is there by its name, with all its keyframes and its point cache."""
    by_name = {face.name: face for face in faces}
    for wanted in expected.faces:
        if wanted.name not in by_name:
            raise failed(path, f"it lacks the object '{wanted.name}'")
        face = by_name[wanted.name]
        found = n_keys_of(face)
        if found != wanted.n_keys:
            counts = f"{sum(found.values())} keyframes in {len(found)} curves"
            sums = f"{sum(wanted.n_keys.values())} in {len(wanted.n_keys)}"
            raise failed(path, f"'{wanted.name}' has {counts} instead of {sums}")
        for modifier in face.modifiers:
            if modifier.type == "MESH_CACHE":
                name = PurePosixPath(modifier.filepath.removeprefix("//")).name
                _check_cache(path, path.with_name(name), face=face)


def _check_cache(path: Path, cache: Path, *, face: bpy.types.Object) -> None:
    """Raise unless a point cache can be read and fits the mesh."""
    try:
        positions = read_pc2(cache).positions
    except ExportError as error:
        raise failed(path, f"of its point cache: {str(error).rstrip('.')}") from error
    if positions.shape[1] != len(face.data.vertices):
        finding = f"{positions.shape[1]} points for {len(face.data.vertices)} vertices"
        raise failed(path, f"its point cache '{cache.name}' has {finding}")


def _relative(path: Path, home: Path) -> str:
    """Return Blender's relative path, or the absolute one where a drive lies between."""
    try:
        return "//" + Path(os.path.relpath(path, home)).as_posix()
    except ValueError:
        return str(path)
