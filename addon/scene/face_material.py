"""The face's material: its texture from the footage, or plain skin."""

from __future__ import annotations

from pathlib import Path

import bpy

_SKIN = (0.62, 0.40, 0.31, 1.0)
_ROUGHNESS = 0.6
OWN = "mien_skin"
"""Custom property of the materials that Mien makes."""


def add_face_material(face: bpy.types.Object, texture: Path | None) -> None:
    """Give the object a material of its own; one that Mien made before makes room for it.

    Parameters
    ----------
    face : the mesh object with its UV map
    texture : a PNG, sRGB, in the layout of the UV map; None paints plain skin. It is packed.
    """
    material = bpy.data.materials.new(f"{face.name} Skin")
    if material.node_tree is None:  # from 5.0 on a material always has its nodes
        material.use_nodes = True
    nodes = material.node_tree.nodes
    surface = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
    surface.inputs["Roughness"].default_value = _ROUGHNESS
    surface.inputs["Base Color"].default_value = material.diffuse_color = _SKIN
    # The view's own gloss would lie over the dark of the eyes like milk.
    material.roughness = 1.0
    if texture is not None:
        picture = nodes.new("ShaderNodeTexImage")
        picture.location = (surface.location.x - 320, surface.location.y)
        picture.image = bpy.data.images.load(str(texture))
        picture.image.name = f"{face.users_collection[0].name} {face.name}"
        picture.image.pack()
        # The picture is inside now. Where it came from is no business of the file's readers, and
        # the USD exporter names a file after it, in a folder that takes share.
        picture.image.filepath_raw = f"//{picture.image.name}.png"
        for packed in picture.image.packed_files:
            packed.filepath = picture.image.filepath_raw
        material.node_tree.links.new(picture.outputs["Color"], surface.inputs["Base Color"])
    material[OWN] = True
    _put_on(face.data, material)


def is_painted(face: bpy.types.Object) -> bool:
    """Say whether a face has a material of any kind: no other is wanted."""
    return any(material is not None for material in face.data.materials)


def _put_on(mesh: bpy.types.Mesh, material: bpy.types.Material) -> None:
    """Put a material in the place of Mien's last one; where an artist has her own, it stays."""
    for slot, old in enumerate(mesh.materials):
        if old is not None and old.get(OWN):
            mesh.materials[slot] = material
            if old.users == 0:
                name = old.name
                bpy.data.materials.remove(old)
                material.name = name
            return
    if any(old is not None for old in mesh.materials):
        bpy.data.materials.remove(material)
        return
    mesh.materials.clear()
    mesh.materials.append(material)
