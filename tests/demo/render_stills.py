"""Render frames of a .blend through its own camera, on the processor: run by make_demo.py.

Usage: python render_stills.py FILE.blend OUT_FOLDER HEIGHT FRAME [FRAME …]
"""

import sys
from pathlib import Path

import bpy

N_SAMPLES = 12


def light(scene: bpy.types.Scene) -> None:
    """Light the face from the camera's side, softly; the scene itself holds no light."""
    world = scene.world or bpy.data.worlds.new("Demo")
    scene.world = world
    if world.node_tree is None:
        world.use_nodes = True
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    background.inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    background.inputs["Strength"].default_value = 0.9
    lamp = bpy.data.lights.new("Demo Key", "SUN")
    lamp.energy, lamp.angle = 1.6, 0.6
    key = bpy.data.objects.new("Demo Key", lamp)
    key.rotation_euler = (scene.camera.matrix_world @ turned(0.45, 0.5)).to_euler()
    scene.collection.objects.link(key)


def turned(around_x: float, around_y: float):
    """Return a rotation away from the camera's own direction."""
    from mathutils import Euler

    return Euler((-around_x, around_y, 0.0)).to_matrix().to_4x4()


def main() -> None:
    blend, folder, height, *frames = sys.argv[1:]
    bpy.ops.wm.open_mainfile(filepath=blend)
    scene = bpy.context.scene
    render = scene.render
    render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = N_SAMPLES
    scene.cycles.use_denoising = False
    render.film_transparent = True
    render.resolution_percentage = round(100 * int(height) / render.resolution_y)
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = "RGBA"
    # "Standard": colours as in the footage, where the default look would grey them.
    scene.view_settings.view_transform = "Standard"
    light(scene)
    for frame in frames:
        scene.frame_set(int(frame))
        render.filepath = str(Path(folder) / f"{int(frame):06d}.png")
        bpy.ops.render.render(write_still=True)


main()
