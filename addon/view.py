"""Where the artist looks once a face stands: at the face, in its colours."""

from __future__ import annotations

import math

import bpy
from mathutils import Quaternion, Vector

from .active_take import active_take
from .scene.actions import curves_of
from .shown_take import standing_of

_NEAR_M = 0.6
"""From there a face fills a good part of a view."""
_FULL_SHARE = 0.86
"""How much of a view's height the camera's picture takes at most."""
_FRONT = Quaternion((0.7071068, 0.7071068, 0.0, 0.0))
"""Looking along +Y with Z up: Blender's front view."""
_SOLID_TYPES = {"MESH", "CURVE", "SURFACE", "META", "FONT", "VOLUME", "GPENCIL", "GREASEPENCIL"}


def look_at_faces(context: bpy.types.Context) -> None:
    """Choose the faces of the active take, and turn the 3D view to them; nothing without a window.

    What stands in the way, as the cube of a fresh file does, is left out by Blender's local view.
    """
    entry = active_take(context.scene)
    if entry is None or bpy.app.background or context.window is None:
        return
    standing = standing_of(context.scene, entry)
    faces = list(standing.faces.values())
    area = _view_of(context)
    if not faces or area is None:
        return
    if any(face.hide_get() or face.hide_viewport for face in faces):
        context.scene.frame_set(_first_seen_frame(faces[0]))
    _choose(context, faces)
    _set_view(area, faces[0], camera=standing.camera, scene=context.scene)
    if _is_in_the_way(context, faces, camera=standing.camera):
        _show_alone(context, area, faces, camera=standing.camera)


def _first_seen_frame(face: bpy.types.Object) -> int:
    """Return the first scene frame in which a face has a pose: in a gap it is hidden."""
    frames = [c.keyframe_points[0].co[0] for c in curves_of(face) if c.data_path == "location"]
    return math.ceil(min(frames, default=0.0) - 1e-3)


def _view_of(context: bpy.types.Context) -> bpy.types.Area | None:
    """Return the 3D view that was used, or the largest one of the window."""
    if context.area is not None and context.area.type == "VIEW_3D":
        return context.area
    views = [area for area in context.window.screen.areas if area.type == "VIEW_3D"]
    return max(views, key=lambda area: area.width * area.height, default=None)


def _choose(context: bpy.types.Context, faces: list[bpy.types.Object]) -> None:
    """Make the faces the selection, and the first of them active."""
    layer = context.view_layer
    for obj in layer.objects:
        obj.select_set(obj in faces, view_layer=layer)
    if faces[0].name in layer.objects:
        layer.objects.active = faces[0]


def _set_view(
    area: bpy.types.Area,
    face: bpy.types.Object,
    *,
    camera: bpy.types.Object | None,
    scene: bpy.types.Scene,
) -> None:
    """Show a face in its own colours: through its camera, or from the front."""
    space = area.spaces.active
    units_per_m = 1.0 / scene.unit_settings.scale_length
    space.shading.color_type = "TEXTURE"
    # The texture holds the footage's light already.
    space.shading.light = "FLAT"
    space.clip_start = min(space.clip_start, 0.01 * units_per_m)
    view = space.region_3d
    if camera is not None and scene.camera == camera:
        view.view_perspective = "CAMERA"
        view.view_camera_zoom, view.view_camera_offset = _camera_zoom(area, scene), (0.0, 0.0)
        return
    view.view_perspective = "PERSP"
    view.view_location = face.matrix_world.translation
    view.view_rotation = _FRONT
    view.view_distance = _NEAR_M * units_per_m


def _camera_zoom(area: bpy.types.Area, scene: bpy.types.Scene) -> float:
    """Return the zoom at which the sidebar covers nothing of the camera's picture."""
    sizes = {region.type: region for region in area.regions}
    window, sidebar = sizes["WINDOW"], sizes["UI"]
    covered_px = sidebar.width if area.spaces.active.show_region_ui else 0
    aspect = scene.render.resolution_x / scene.render.resolution_y
    free_px = max(window.width - 2 * covered_px, 0.4 * window.width)
    share = min(_FULL_SHARE, free_px / (aspect * window.height))
    # Blender's own relation, for cameras that fit vertically: share = (zoom / 50 + √2)² / 4.
    return 50.0 * (2.0 * math.sqrt(share) - math.sqrt(2.0))


def _is_in_the_way(
    context: bpy.types.Context, faces: list[bpy.types.Object], *, camera: bpy.types.Object | None
) -> bool:
    """Say whether something solid reaches into the space between the faces and who sees them."""
    own = {*faces, camera}
    points = [face.matrix_world @ Vector(corner) for face in faces for corner in face.bound_box]
    if camera is not None:
        points.append(camera.matrix_world.translation)
    low = [min(point[axis] for point in points) for axis in range(3)]
    high = [max(point[axis] for point in points) for axis in range(3)]
    for obj in context.visible_objects:
        if obj in own or obj.type not in _SOLID_TYPES:
            continue
        corners = [obj.matrix_world @ Vector(corner) for corner in obj.bound_box]
        if all(
            min(corner[axis] for corner in corners) <= high[axis]
            and max(corner[axis] for corner in corners) >= low[axis]
            for axis in range(3)
        ):
            return True
    return False


def _show_alone(
    context: bpy.types.Context,
    area: bpy.types.Area,
    faces: list[bpy.types.Object],
    *,
    camera: bpy.types.Object | None,
) -> None:
    """Put the faces into the view's local view; a view that is in one already keeps it."""
    if area.spaces.active.local_view is not None:
        return
    region = next(region for region in area.regions if region.type == "WINDOW")
    with context.temp_override(area=area, region=region):
        if camera is not None:
            camera.select_set(True)
        # No data API enters a local view.
        bpy.ops.view3d.localview(frame_selected=False)
        for face in faces:  # also those that are lost at this very frame
            face.local_view_set(area.spaces.active, True)
        if camera is not None:
            camera.select_set(False)
