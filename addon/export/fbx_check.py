"""Whether an `.fbx` holds what it should."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mathutils import Euler, Matrix, Vector

from ...core.arrays import FloatArray
from ..scene.axes import BLENDER_FROM_YUP
from .expected import Expected, ExpectedFace
from .failure import failed
from .found_face import FoundFace, FoundMotion, check_found_face

_N_MOTION_CURVES = 9  # location, rotation and scale of a face
_PERCENT = 100.0
_UNITS_PER_M = 100.0


@dataclass(frozen=True, slots=True)
class _Document:
    """A parsed file: its objects by their number, and what hangs on each, with the property."""

    path: Path
    objects: dict[int, Any]
    children: dict[int, list[tuple[int, bytes]]]

    def below(self, number: int, kind: bytes, *, prop: bytes = b"") -> list[int]:
        """Return the numbers of what hangs on an object: of one kind, at one property."""
        return [
            child
            for child, at in self.children.get(number, [])
            if at == prop and child in self.objects and self.objects[child].id == kind
        ]


def check_fbx(path: Path, expected: Expected) -> None:
    """Raise unless the file holds every face: shapes, and curves of expression and motion."""
    document = _read(path)
    objects = document.objects.values()
    n_shapes = sum(e.id == b"Geometry" and e.props[-1] == b"Shape" for e in objects)
    n_wanted = sum(face.n_blendshapes for face in expected.faces)
    if n_shapes != n_wanted:
        raise failed(path, f"it holds {n_shapes} shape keys instead of {n_wanted}")
    if expected.is_animated:
        curves = [e for e in objects if e.id == b"AnimationCurve"]
        n_curves = n_wanted + _N_MOTION_CURVES * len(expected.faces)
        n_full = sum(len(_values(curve)) == expected.n_frames for curve in curves)
        if n_full < n_curves:
            finding = f"{n_full} of {n_curves} animation curves have all {expected.n_frames} frames"
            raise failed(path, finding)
    for face in expected.faces:
        _check_face(document, face, expected=expected)


def _check_face(document: _Document, face: ExpectedFace, *, expected: Expected) -> None:
    """Raise unless the model of a face's name has the shapes of the face and moves as it does."""
    name = face.name.encode() + b"\0\1Model"
    model = next((n for n, e in document.objects.items() if e.props[1] == name), None)
    geometries = [] if model is None else document.below(model, b"Geometry")
    if model is None or not geometries:
        raise failed(document.path, f"it lacks the object '{face.name}'")
    neutral = _array(document.objects[geometries[0]], b"Vertices").reshape(-1, 3)
    channels = _channels(document, geometries[0])
    # Their order means nothing; a name does.
    names = tuple(name for name in face.key_names if name in channels)
    offsets = np.zeros((len(names), *neutral.shape))
    for offset, name in zip(offsets, names, strict=True):
        shape = document.objects[channels[name][1]]
        offset[_array(shape, b"Indexes").astype(int)] = _array(shape, b"Vertices").reshape(-1, 3)
    motion = None
    if expected.is_animated:
        weights = [
            _curve(document, channels[name][0], b"DeformPercent", expected=expected)
            for name in names
        ]
        motion = FoundMotion(
            weights=np.array(weights).reshape(len(names), -1).T / _PERCENT
            if names
            else np.zeros((len(expected.probes), 0)),
            world_from_local=_world_from_local(document, model, expected=expected),
        )
    # It keeps vertices without a polygon, too.
    surface = face.surface
    found = FoundFace(names, neutral[surface], offsets[:, surface], motion)
    check_found_face(document.path, face, found=found)


def _channels(document: _Document, geometry: int) -> dict[str, tuple[int, int]]:
    """Return the blend shape channel and the shape of each shape key by its name."""
    found = {}
    for deformer in document.below(geometry, b"Deformer"):
        for channel in document.below(deformer, b"Deformer"):
            for shape in document.below(channel, b"Geometry"):
                name = document.objects[shape].props[1].partition(b"\0")[0].decode()
                found[name] = channel, shape
    return found


def _world_from_local(document: _Document, model: int, *, expected: Expected) -> FloatArray:
    """Read a model's motion at the probes, (n_probes, 4, 4), in metres and Blender's axes."""
    place, turn, scale = (
        np.stack(
            [_curve(document, model, name, axis=axis, expected=expected) for axis in b"XYZ"], axis=1
        )
        for name in (b"Lcl Translation", b"Lcl Rotation", b"Lcl Scaling")
    )
    matrices = [
        Matrix.LocRotScale(Vector(a), Euler(b), Vector(c))
        for a, b, c in zip(place, np.radians(turn), scale, strict=True)
    ]
    to_metres = np.diag([1.0 / _UNITS_PER_M] * 3 + [1.0])
    return BLENDER_FROM_YUP @ to_metres @ np.array(matrices)


def _curve(
    document: _Document, number: int, prop: bytes, *, expected: Expected, axis: int | None = None
) -> FloatArray:
    """Return the values at the probes of what animates an object's property."""
    end = prop if axis is None else bytes([axis])
    for node in document.below(number, b"AnimationCurveNode", prop=prop):
        for curve in document.below(node, b"AnimationCurve", prop=b"d|" + end):
            values = _values(document.objects[curve])
            if len(values) == expected.n_frames:
                return values[np.array(expected.probes) - expected.frame_start]
    raise failed(document.path, f"it does not animate a {prop.decode()} over all frames")


def _read(path: Path) -> _Document:
    """Parse a file."""
    from io_scene_fbx import parse_fbx  # there only once the add-on is enabled

    root, _version = parse_fbx.parse(str(path))
    sections = {part.id: part.elems for part in root.elems}
    children: dict[int, list[tuple[int, bytes]]] = {}
    for link in sections.get(b"Connections", []):
        _kind, child, parent, *prop = link.props
        children.setdefault(parent, []).append((child, prop[0] if prop else b""))
    objects = {element.props[0]: element for element in sections.get(b"Objects", [])}
    return _Document(path, objects, children)


def _values(curve: Any) -> FloatArray:
    """Return a curve's values, one a key."""
    return _array(curve, b"KeyValueFloat")


def _array(element: Any, name: bytes) -> FloatArray:
    """Return an array that belongs to an object."""
    return np.array(next(e.props[0] for e in element.elems if e.id == name), np.float64)
