"""What a window does differently: scenes that change under a job, file browsers, menus, errors."""

from __future__ import annotations

import bpy

from mien.addon.active_take import mark_of, scene_of


def test_a_scene_is_found_again_whatever_it_is_called_and_until_it_is_deleted(scene):
    mark = mark_of(scene)
    other = bpy.data.scenes.new("Another")
    name, scene.name = scene.name, "Renamed"
    other.name = name
    bpy.context.window.scene = other
    assert scene_of(mark) == scene
    assert scene_of(mark_of(other)) == other
    bpy.data.scenes.remove(scene)
    assert scene_of(mark) is None
