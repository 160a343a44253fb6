"""Whether a `.glb` holds what it should."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mathutils import Matrix, Quaternion, Vector

from ...core.arrays import FloatArray
from ...core.spaces import scene_from_head
from ..scene.axes import BLENDER_FROM_YUP
from .expected import Expected, ExpectedFace
from .failure import failed
from .found_face import FoundFace, FoundMotion, check_found_face

_HEADER = struct.Struct("<4sIII4s")
_CHUNK_HEADER_SIZE = 8
_FLOAT = 5126
_INDEX_TYPES = {5121: "<u1", 5123: "<u2", 5125: "<u4"}
_N_COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


@dataclass(frozen=True, slots=True)
class _Document:
    """A parsed file: its JSON, and the binary chunk behind it."""

    path: Path
    json: dict[str, Any]
    binary: bytes

    def floats(self, accessor_index: int) -> FloatArray:
        """Read an accessor of floats, (count, …); a sparse one is filled up."""
        accessor = self.json["accessors"][accessor_index]
        if accessor["componentType"] != _FLOAT:
            raise failed(self.path, "its numbers are no floats")
        shape = accessor["count"], _N_COMPONENTS[accessor["type"]]
        values = np.zeros(shape, np.float32)
        if "bufferView" in accessor:
            values = self._numbers(accessor, "<f4", shape=shape)
        if "sparse" in accessor:
            sparse, values = accessor["sparse"], values.copy()
            dtype = _INDEX_TYPES[sparse["indices"]["componentType"]]
            rows = self._numbers(sparse["indices"], dtype, shape=(sparse["count"],))
            shape = sparse["count"], shape[1]
            values[rows] = self._numbers(sparse["values"], "<f4", shape=shape)
        return values

    def _numbers(self, place: dict[str, Any], dtype: str, *, shape: tuple[int, ...]) -> np.ndarray:
        """Read numbers that lie one behind the other."""
        view = self.json["bufferViews"][place["bufferView"]]
        start = view.get("byteOffset", 0) + place.get("byteOffset", 0)
        return np.frombuffer(self.binary, dtype, math.prod(shape), start).reshape(shape)


def check_glb(path: Path, expected: Expected) -> None:
    """Raise unless the file holds every target, and one animation of expression and motion."""
    document = _read(path)
    meshes = document.json.get("meshes", [])
    targets = sorted(len(mesh["primitives"][0].get("targets", [])) for mesh in meshes)
    wanted = sorted(face.n_blendshapes for face in expected.faces)
    if targets != wanted:
        raise failed(path, f"its meshes have {targets} morph targets instead of {wanted}")
    if expected.is_animated:
        _check_animation(document, expected)
    for face in expected.faces:
        _check_face(document, face, expected=expected)


def _check_animation(document: _Document, expected: Expected) -> None:
    """Raise unless there is one animation of every frame."""
    animations = document.json.get("animations", [])
    if len(animations) != 1:
        finding = f"it holds {len(animations)} animations instead of one"
        raise failed(document.path, finding)
    _check_times(document, expected)


def _check_times(document: _Document, expected: Expected) -> None:
    """Raise unless every channel has every frame, and the whole duration."""
    duration_s = (expected.n_frames - 1) / expected.rate_hz
    for sampler in document.json["animations"][0]["samplers"]:
        times = document.json["accessors"][sampler["input"]]
        if times["count"] != expected.n_frames:
            finding = f"it has {times['count']} of {expected.n_frames} frames"
            raise failed(document.path, finding)
        found_s = times["max"][0] - times["min"][0]
        if abs(found_s - duration_s) > 0.1 / expected.rate_hz:
            finding = f"it lasts {found_s:.3f} s instead of {duration_s:.3f} s"
            raise failed(document.path, finding)


def _check_face(document: _Document, face: ExpectedFace, *, expected: Expected) -> None:
    """Raise unless the face's node has the shapes of the face and moves as it does."""
    nodes = document.json["nodes"]
    index = next((i for i, node in enumerate(nodes) if node.get("name") == face.name), None)
    if index is None or "mesh" not in nodes[index]:
        raise failed(document.path, f"it lacks the object '{face.name}'")
    mesh = document.json["meshes"][nodes[index]["mesh"]]
    primitive = mesh["primitives"][0]
    targets = [document.floats(target["POSITION"]) for target in primitive.get("targets", [])]
    neutral = document.floats(primitive["attributes"]["POSITION"])
    motion = (
        _motion(document, face, node=index, expected=expected) if expected.is_animated else None
    )
    found = FoundFace(
        key_names=tuple(mesh.get("extras", {}).get("targetNames", ())),
        neutral_m=scene_from_head(neutral),
        offsets_m=scene_from_head(np.array(targets).reshape(-1, *neutral.shape)),
        motion=motion,
    )
    check_found_face(document.path, face, found=found)


def _motion(
    document: _Document, face: ExpectedFace, *, node: int, expected: Expected
) -> FoundMotion:
    """Read the animation of a node at the probes."""
    animation = document.json["animations"][0]
    channels = {
        channel["target"]["path"]: animation["samplers"][channel["sampler"]]
        for channel in animation["channels"]
        if channel["target"]["node"] == node
    }
    missing = {"translation", "rotation", "scale"} - set(channels)
    if missing:
        raise failed(document.path, f"it does not animate the {missing.pop()} of '{face.name}'")
    if face.n_blendshapes and "weights" not in channels:
        raise failed(document.path, f"it does not animate the expression of '{face.name}'")
    probes = np.array(expected.probes) - expected.frame_start
    values = {
        path: document.floats(sampler["output"]).reshape(expected.n_frames, -1)[probes]
        for path, sampler in channels.items()
    }
    matrices = [
        Matrix.LocRotScale(Vector(place), Quaternion((w, x, y, z)), Vector(scale))
        for place, (x, y, z, w), scale in zip(
            values["translation"], values["rotation"], values["scale"], strict=True
        )
    ]
    return FoundMotion(
        weights=values.get("weights", np.zeros((len(probes), 0))),
        world_from_local=BLENDER_FROM_YUP @ np.array(matrices) @ BLENDER_FROM_YUP.T,
    )


def _read(path: Path) -> _Document:
    """Split a file in JSON and binary."""
    content = path.read_bytes()
    if len(content) < _HEADER.size:
        raise failed(path, f"it has {len(content)} bytes")
    magic, _version, length, json_length, kind = _HEADER.unpack_from(content)
    if magic != b"glTF" or kind != b"JSON" or length != len(content):
        raise failed(path, f"it has {len(content)} bytes, its header says {length}")
    end = _HEADER.size + json_length
    return _Document(
        path, json.loads(content[_HEADER.size : end]), content[end + _CHUNK_HEADER_SIZE :]
    )
