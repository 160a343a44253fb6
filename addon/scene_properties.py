"""`Scene.mien`, saved with the file: the settings, the takes, and what was built of them."""

from __future__ import annotations

import json
from dataclasses import asdict

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from .properties import (
    MIEN_PG_animate,
    MIEN_PG_capture,
    MIEN_PG_export,
    MIEN_PG_mesh,
    MIEN_PG_preview,
    MIEN_PG_smoothing,
    MIEN_PG_source,
)

FILE_VERSION = 1
"""Of what Mien saves in a .blend; a higher one comes from a newer Mien and is not touched."""


class MIEN_PG_built_face(bpy.types.PropertyGroup):
    """One face object of a take."""

    target: PointerProperty(type=bpy.types.Object)
    face_index: IntProperty()


class MIEN_PG_take(bpy.types.PropertyGroup):
    """An entry of the list of takes: where the take lies, and what was built from it."""

    folder: StringProperty(name="Folder", description="Where the take lies")
    near: StringProperty(name="Near", description="The same, as seen from the saved file")
    footage: StringProperty(name="Footage", description="Where the footage lies")
    rate_hz: FloatProperty()
    n_frames: IntProperty()
    n_lost: IntProperty()
    n_faces: IntProperty()
    n_landmarks: IntProperty()
    is_complete: BoolProperty(default=True)
    jitter_before: FloatProperty()
    jitter_after: FloatProperty()
    is_built: BoolProperty()
    built_with: StringProperty()
    built_rate_hz: FloatProperty()
    built_scale: FloatProperty()
    n_keys: IntProperty()
    origin: FloatVectorProperty(subtype="XYZ")
    markers: StringProperty()
    collection: PointerProperty(type=bpy.types.Collection)
    camera: PointerProperty(type=bpy.types.Object)
    faces: CollectionProperty(type=MIEN_PG_built_face)


class MIEN_PG_scene(bpy.types.PropertyGroup):
    """All of Mien in a scene."""

    file_version: IntProperty()
    source: PointerProperty(type=MIEN_PG_source)
    capture: PointerProperty(type=MIEN_PG_capture)
    takes: CollectionProperty(type=MIEN_PG_take)
    active_take: IntProperty(name="Take", description="The take that is shown")
    smoothing: PointerProperty(type=MIEN_PG_smoothing)
    mesh: PointerProperty(type=MIEN_PG_mesh)
    animate: PointerProperty(type=MIEN_PG_animate)
    export: PointerProperty(type=MIEN_PG_export)
    preview: PointerProperty(type=MIEN_PG_preview)

    @property
    def is_too_new(self) -> bool:
        """Whether a newer Mien saved it."""
        return self.file_version > FILE_VERSION

    @property
    def build_settings(self) -> str:
        """Everything that shapes what is built, as text that can be compared."""
        values = {
            "smooth": asdict(self.smoothing.to_settings()),
            "mesh": asdict(self.mesh.to_mesh_settings()),
            "animate": asdict(self.mesh.to_animate_settings()),
            "texture": self.mesh.use_texture,
            "camera": self.mesh.use_camera,
            "timing": self.animate.timing,
        }
        return json.dumps(values, sort_keys=True)


_register_classes, _unregister_classes = bpy.utils.register_classes_factory(
    (MIEN_PG_built_face, MIEN_PG_take, MIEN_PG_scene)
)


def register() -> None:
    """Give every scene its settings."""
    _register_classes()
    bpy.types.Scene.mien = PointerProperty(type=MIEN_PG_scene)


def unregister() -> None:
    """Take them back."""
    del bpy.types.Scene.mien
    _unregister_classes()
