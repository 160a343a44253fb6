"""What the artist sees when she opens the file: her face, in its colours, lit."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
from mathutils import Matrix, Quaternion

_GREY = (0.8, 0.8, 0.8, 1.0)
_DISTANCE_M = 0.6
"""From there a face fills a good part of a view; nearer, the default clipping would cut it."""
_CLIP_START_M = 0.01
_CAMERA_ZOOM = 22.0
"""The camera's picture fills 86 % of a view; Blender's own 0 is half of it."""
# Looking along +Y with Z up: Blender's front view.
_FRONT = Quaternion((0.7071068, 0.7071068, 0.0, 0.0))


def prepare_first_look(
    scene: bpy.types.Scene, faces: Sequence[bpy.types.Object], *, has_texture: bool
) -> None:
    """Light the scene evenly, choose the first face, and turn every 3D view to it.

    Parameters
    ----------
    scene : with a camera, views look through it
    faces : the first one becomes the active object
    has_texture : the texture holds the footage's light already, so views add none
    """
    _light_evenly(scene)
    # Colours as in the footage: film-like transforms are for light, and here the light is painted.
    scene.view_settings.view_transform = "Standard"
    layer = scene.view_layers[0]
    for obj in faces:
        obj.select_set(obj == faces[0], view_layer=layer)
    layer.objects.active = faces[0]
    for screen in bpy.data.screens:
        for area in screen.areas:
            if area.type == "VIEW_3D":
                space = area.spaces.active
                space.shading.light = "FLAT" if has_texture else "STUDIO"
                _look_at(space, faces[0].matrix_world, has_camera=scene.camera is not None)


def _light_evenly(scene: bpy.types.Scene) -> None:
    """Give the scene a grey world, by which renders show the face's own colours."""
    world = bpy.data.worlds.new("Even Light")
    if world.node_tree is None:  # from 5.0 on a world always has its nodes
        world.use_nodes = True
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    background.inputs["Color"].default_value = _GREY
    scene.world = world


def _look_at(space: bpy.types.SpaceView3D, place: Matrix, *, has_camera: bool) -> None:
    """Show a face in one view, with its texture."""
    space.shading.color_type = "TEXTURE"
    space.clip_start = _CLIP_START_M
    view = space.region_3d
    view.view_location = place.translation
    view.view_rotation = _FRONT
    view.view_distance = _DISTANCE_M
    view.view_perspective = "CAMERA" if has_camera else "PERSP"
    view.view_camera_zoom = _CAMERA_ZOOM
