"""A camera with the footage behind it, in which the mesh covers the face."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix

from ...core.arrays import FloatArray
from ...core.errors import CannotOpen
from ...core.records import Camera, Footage
from ...core.source.container import container_facts
from ...core.source.image_list import images_at

NAME = "Footage Camera"
_TURNS_MOVIES = bpy.app.version >= (4, 4, 0)
"""Whether Blender turns a movie as its container asks."""


def add_footage_camera(
    scene: bpy.types.Scene,
    collection: bpy.types.Collection,
    *,
    camera: Camera,
    world_from_camera: FloatArray,
    standing: bpy.types.Object | None = None,
) -> bpy.types.Object:
    """Add the camera that took the footage, make it the scene's, and render at the footage's size.

    Parameters
    ----------
    scene : whose camera and resolution are set
    collection : where the camera goes
    camera : field of view and size in pixels
    world_from_camera : shape (4, 4), a similarity
    standing : a camera of an earlier build, which is placed again; the scene stays as it is
    """
    placed = standing or bpy.data.objects.new(NAME, bpy.data.cameras.new(NAME))
    _set_lens(placed.data, camera, units_per_m=float(np.cbrt(np.linalg.det(world_from_camera))))
    where = Matrix(world_from_camera.tolist())
    # A camera that is scaled is drawn so; its picture is the same.
    placed.matrix_world = Matrix.LocRotScale(where.translation, where.to_quaternion(), None)
    if standing is not None:  # the scene's camera and size are the artist's since then
        return placed
    collection.objects.link(placed)
    height, width = camera.size
    scene.camera = placed
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.resolution_percentage = 100
    scene.render.pixel_aspect_x = scene.render.pixel_aspect_y = 1.0
    return placed


def _set_lens(lens: bpy.types.Camera, camera: Camera, *, units_per_m: float) -> None:
    """Give a camera the footage's field of view."""
    height, _ = camera.size
    lens.sensor_fit = "VERTICAL"
    lens.angle_y = camera.fov_y_rad
    # Core's principal point has the coordinates (width / 2, height / 2) counted from the centre of
    # the first pixel: half a pixel right of and below the picture's middle.
    lens.shift_x, lens.shift_y = -0.5 / height, 0.5 / height
    lens.clip_start, lens.clip_end = 0.01 * units_per_m, 100.0 * units_per_m
    lens.display_size = 0.2 * units_per_m
    lens.passepartout_alpha = 1.0


def put_footage_behind(placed: bpy.types.Object, footage: Footage) -> str:
    """Show the footage behind everything that the camera sees, its first image on frame 0.

    Returns
    -------
    str
        Empty, or why the footage could not be shown: a sentence for the artist.
    """
    if footage.kind == "camera":
        return "The footage came from a live camera: nothing lies behind the mesh."
    path = Path(footage.path)
    nothing = "nothing lies behind the mesh."
    try:
        images = images_at(path) if footage.kind == "images" else []
        is_upside_down = not images and not _TURNS_MOVIES and _is_half_turned(path)
        clip = _clip_of(placed, images[0].path if images else path)
    except (RuntimeError, OSError, CannotOpen) as error:
        reason = " ".join(str(error).split())
        return f"Blender cannot show footage '{path.name}': {nothing} ({reason})"
    height, width = footage.size
    if tuple(clip.size) != (width, height):
        found = "×".join(map(str, clip.size)) if all(clip.size) else "no picture"
        _drop(placed, clip)
        return f"Blender reads '{path.name}' as {found} instead of {width}×{height}: {nothing}"
    if images and clip.frame_duration != images[-1].number - images[0].number + 1:
        _drop(placed, clip)
        return f"The images of '{path.name}' are not numbered in a way Blender knows: {nothing}"
    clip.frame_start = 0
    behind = next(
        (one for one in placed.data.background_images if one.source == "MOVIE_CLIP"), None
    )
    if behind is None:
        behind = placed.data.background_images.new()
    behind.source = "MOVIE_CLIP"
    behind.clip = clip
    behind.alpha = 1.0
    behind.display_depth = "BACK"
    behind.frame_method = "FIT"
    behind.use_flip_x = behind.use_flip_y = is_upside_down
    placed.data.show_background_images = True
    return ""


def _clip_of(placed: bpy.types.Object, path: Path) -> bpy.types.MovieClip:
    """Return the clip that lies behind already, or load it.

    Raises
    ------
    OSError, RuntimeError
        There is no such file any more, or Blender cannot read it.
    """
    path.stat()  # a clip that is loaded does not notice
    for behind in placed.data.background_images:
        if behind.clip is not None and Path(bpy.path.abspath(behind.clip.filepath)) == path:
            return behind.clip
    known = {Path(bpy.path.abspath(one.filepath, library=one.library)): one for one in _own_clips()}
    return known.get(path) or bpy.data.movieclips.load(str(path))


def _own_clips() -> list[bpy.types.MovieClip]:
    """List the clips that begin at frame 0 and are this file's: others serve others."""
    return [one for one in bpy.data.movieclips if one.frame_start == 0 and one.library is None]


def _drop(placed: bpy.types.Object, clip: bpy.types.MovieClip) -> None:
    """Remove a clip that does not fit, also from behind the mesh."""
    for behind in placed.data.background_images:
        if behind.clip == clip:
            behind.clip = None
    if clip.users == 0:
        bpy.data.movieclips.remove(clip)


def _is_half_turned(path: Path) -> bool:
    """Return whether a movie's container asks for a half turn, which keeps its size."""
    return container_facts(path).n_quarter_turns == 2
