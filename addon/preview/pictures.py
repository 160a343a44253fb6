"""Where Blender's editors show the footage of a take, and which moment of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import bpy
import numpy as np

from ...core.arrays import Float64Array
from ...core.records import Footage
from .placing import (
    corners_in_region,
    picture_in_frame,
    picture_in_view,
    region_from_image,
)


@dataclass(frozen=True, slots=True, eq=False)
class ShownPicture:
    """The footage in a region: where, and which second of it, at so many frames a second.

    `region_from_image` (3, 3); `region_size` (height, width); `corners_px` (2, 2), the picture's
    lower left and upper right corner, region space.
    """

    region_from_image: Float64Array
    corners_px: Float64Array
    region_size: tuple[int, int]
    second: float
    rate_hz: float


def scene_rate_hz(scene: bpy.types.Scene) -> float:
    """Return the scene's frames a second."""
    return scene.render.fps / scene.render.fps_base


def picture_of(
    context: bpy.types.Context, footage: Footage, *, camera: bpy.types.Object | None
) -> ShownPicture | None:
    """Find the footage in the region that is being drawn; None where it does not show it.

    `camera` is the one that was built for the take, if it is known.
    """
    space = context.space_data
    if not getattr(getattr(space, "overlay", None), "show_overlays", True):
        return None
    if space.type == "VIEW_3D":
        return _in_camera_view(context, footage, camera=camera)
    if space.type == "CLIP_EDITOR":
        return _in_clip_editor(context, footage)
    if space.type == "IMAGE_EDITOR":
        return _in_image_editor(context, footage)
    return None


def _in_camera_view(
    context: bpy.types.Context, footage: Footage, *, camera: bpy.types.Object | None
) -> ShownPicture | None:
    """Find the footage behind the camera that a 3D view looks through, at the scene's frame."""
    space, view, scene = context.space_data, context.region_data, context.scene
    if view is None or view.view_perspective != "CAMERA":
        return None
    seen = space.camera if space.use_local_camera else scene.camera
    if seen is None or seen.type != "CAMERA":
        return None
    behind = background_of(seen.data, footage)
    if seen != camera and behind is None:
        return None
    size = (context.region.height, context.region.width)
    corners = corners_in_region(
        np.array(seen.data.view_frame(scene=scene)),
        clip_from_camera=np.array(view.window_matrix),
        region_size=size,
    )
    frame = np.stack([corners.min(axis=0), corners.max(axis=0)])
    method = "FIT" if behind is None else behind.frame_method
    picture = picture_in_frame(frame, size=footage.size, method=method)
    rate_hz = scene_rate_hz(scene)
    second = (scene.frame_current + scene.frame_subframe) / rate_hz
    return _shown(picture, footage, region_size=size, second=second, rate_hz=rate_hz)


def _in_clip_editor(context: bpy.types.Context, footage: Footage) -> ShownPicture | None:
    """Find the footage in a clip editor, at the image that it shows."""
    space, clip = context.space_data, context.space_data.clip
    if clip is None or space.view != "CLIP" or not shows_clip(clip, footage):
        return None
    # A stabilised picture moves under the landmarks.
    if space.show_stable and clip.tracking.stabilization.use_2d_stabilization:
        return None
    image = space.clip_user.frame_current - clip.frame_start + clip.frame_offset
    return _in_editor(context, footage, image=image)


def _in_image_editor(context: bpy.types.Context, footage: Footage) -> ShownPicture | None:
    """Find an image or a movie of the footage's size in an image editor."""
    space, image = context.space_data, context.space_data.image
    if (
        image is None
        or space.mode not in {"VIEW", "MASK"}
        or context.area.ui_type != "IMAGE_EDITOR"
    ):
        return None
    if image.source not in {"FILE", "MOVIE", "SEQUENCE"}:
        return None
    if tuple(image.size) != footage.size[::-1]:
        return None
    user = space.image_user
    if image.source == "MOVIE":
        return _in_editor(context, footage, image=user.frame_current - 1)
    if image.source == "SEQUENCE":
        return _in_editor(context, footage, image=user.frame_current - user.frame_offset - 1)
    return _in_editor(context, footage, image=None)


def _in_editor(context: bpy.types.Context, footage: Footage, *, image: int | None) -> ShownPicture:
    """Place a picture by the region's own view; `image` counts from 0, None: the scene's frame.

    These editors play one image a scene frame, whatever its time, so that its number tells which
    moment is seen.
    """
    region, scene = context.region, context.scene
    size = (region.height, region.width)
    view = region.view2d
    corners = np.array(
        [view.region_to_view(0, 0), view.region_to_view(region.width, region.height)]
    )
    picture = picture_in_view(corners, region_size=size)
    if context.space_data.type == "CLIP_EDITOR":
        # It draws the picture from a whole pixel on.
        picture += view.view_to_region(0.0, 0.0, clip=False) - picture[0]
    rate_hz = scene_rate_hz(scene) if image is None else footage.rate_hz
    second = (scene.frame_current if image is None else image) / rate_hz
    return _shown(picture, footage, region_size=size, second=second, rate_hz=rate_hz)


def _shown(
    corners_px: Float64Array,
    footage: Footage,
    *,
    region_size: tuple[int, int],
    second: float,
    rate_hz: float,
) -> ShownPicture:
    """Complete the record."""
    matrix = region_from_image(corners_px, size=footage.size)
    return ShownPicture(matrix, corners_px, region_size, second, rate_hz)


def background_of(
    camera: bpy.types.Camera, footage: Footage
) -> bpy.types.CameraBackgroundImage | None:
    """Return the footage behind a camera, if it lies there."""
    for behind in camera.background_images:
        if behind.source == "MOVIE_CLIP" and behind.clip and shows_clip(behind.clip, footage):
            return behind
    return None


def shows_clip(clip: bpy.types.MovieClip, footage: Footage) -> bool:
    """Say whether a clip is the footage, by its path and size."""
    if tuple(clip.size) != footage.size[::-1]:
        return False
    return _is_same_file(bpy.path.abspath(clip.filepath), footage.path, footage.kind)


@lru_cache(maxsize=64)
def _is_same_file(clip_path: str, footage_path: str, kind: str) -> bool:
    """Compare paths, without looking at the disk: this runs as Blender draws."""
    clip, footage = Path(clip_path), Path(footage_path)
    if kind == "video":
        return clip.name == footage.name
    # Numbered images are named by a folder, or by a pattern in it; a clip by its first image.
    return clip.parent.name in (footage.name, footage.parent.name)
