"""Whether a `.glb` holds what it should."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...core.arrays import FloatArray
from .expected import Expected, ExpectedFace
from .failure import WEIGHT_TOLERANCE, failed

_HEADER = struct.Struct("<4sIII4s")
_CHUNK_HEADER_SIZE = 8
_FLOAT = 5126


@dataclass(frozen=True, slots=True)
class _Document:
    """A parsed file: its JSON, and the binary chunk behind it."""

    path: Path
    json: dict[str, Any]
    binary: bytes

    def floats(self, accessor_index: int) -> FloatArray:
        """Read an accessor of floats, flat."""
        accessor = self.json["accessors"][accessor_index]
        if accessor["componentType"] != _FLOAT or accessor["type"] != "SCALAR":
            raise failed(self.path, "its weights are no floats")
        view = self.json["bufferViews"][accessor["bufferView"]]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        return np.frombuffer(self.binary, "<f4", accessor["count"], start)


def check_glb(path: Path, expected: Expected) -> None:
    """Raise unless the file holds every target, and one animation of expression and motion."""
    document = _read(path)
    meshes = document.json.get("meshes", [])
    targets = sorted(len(mesh["primitives"][0].get("targets", [])) for mesh in meshes)
    wanted = sorted(face.n_blendshapes for face in expected.faces)
    if targets != wanted:
        raise failed(path, f"its meshes have {targets} morph targets instead of {wanted}")
    if not expected.is_animated:
        return
    animations = document.json.get("animations", [])
    if len(animations) != 1:
        raise failed(path, f"it holds {len(animations)} animations instead of one")
    _check_times(document, expected)
    for face in expected.faces:
        _check_face(document, face, expected=expected)


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
    """Raise unless the animation moves the face's node, and its weights are right at the probes."""
    animation = document.json["animations"][0]
    channels = {
        channel["target"]["path"]: animation["samplers"][channel["sampler"]]
        for channel in animation["channels"]
        if document.json["nodes"][channel["target"]["node"]].get("name") == face.name
    }
    missing = {"translation", "rotation", "scale"} - set(channels)
    if missing:
        raise failed(document.path, f"it does not animate the {missing.pop()} of '{face.name}'")
    if not face.n_blendshapes:
        return
    if "weights" not in channels:
        raise failed(document.path, f"it does not animate the expression of '{face.name}'")
    weights = document.floats(channels["weights"]["output"])
    weights = weights.reshape(expected.n_frames, face.n_blendshapes)
    at_probes = weights[np.array(expected.probes) - expected.frame_start]
    if np.abs(at_probes - face.weights).max() > WEIGHT_TOLERANCE:
        raise failed(document.path, f"it animates another expression of '{face.name}'")


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
