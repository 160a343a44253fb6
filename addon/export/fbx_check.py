"""Whether an `.fbx` holds what it should."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...core.arrays import FloatArray
from .expected import Expected
from .failure import WEIGHT_TOLERANCE, failed

_N_MOTION_CURVES = 9  # location, rotation and scale of a face
_PERCENT = 100.0


def check_fbx(path: Path, expected: Expected) -> None:
    """Raise unless the file holds every shape key with its weights, and curves of the motion."""
    from io_scene_fbx import parse_fbx  # there only once the add-on is enabled

    root, _version = parse_fbx.parse(str(path))
    objects = _children(root, b"Objects")
    n_shapes = sum(e.id == b"Geometry" and e.props[-1] == b"Shape" for e in objects)
    n_wanted = sum(face.n_blendshapes for face in expected.faces)
    if n_shapes != n_wanted:
        raise failed(path, f"it holds {n_shapes} shape keys instead of {n_wanted}")
    if not expected.is_animated:
        return
    curves = {e.props[0]: e for e in objects if e.id == b"AnimationCurve"}
    n_curves = n_wanted + _N_MOTION_CURVES * len(expected.faces)
    n_full = sum(len(_values(curve)) == expected.n_frames for curve in curves.values())
    if n_full < n_curves:
        finding = f"{n_full} of {n_curves} animation curves have all {expected.n_frames} frames"
        raise failed(path, finding)
    links = [e.props for e in _children(root, b"Connections") if e.props[0] == b"OP"]
    percents = [_values(curves[link[1]]) for link in links if link[3] == b"d|DeformPercent"]
    _check_weights(path, percents, expected=expected)


def _check_weights(path: Path, percents: list[FloatArray], *, expected: Expected) -> None:
    """Raise unless at each probe the shape keys' percents, in any order, are the weights."""
    wanted = np.concatenate([face.weights for face in expected.faces], axis=1)
    if len(percents) != wanted.shape[1]:
        finding = f"{len(percents)} of {wanted.shape[1]} shape keys are animated in it"
        raise failed(path, finding)
    if not percents:
        return
    probes = np.array(expected.probes) - expected.frame_start
    found = np.stack([values[probes] for values in percents], axis=1) / _PERCENT
    if np.abs(np.sort(found, axis=1) - np.sort(wanted, axis=1)).max() > WEIGHT_TOLERANCE:
        raise failed(path, "it animates another expression")


def _children(element: Any, name: bytes) -> list[Any]:
    """Return what lies in a top-level section."""
    return next((part.elems for part in element.elems if part.id == name), [])


def _values(curve: Any) -> FloatArray:
    """Return a curve's values, one a key."""
    return np.array(next(e.props[0] for e in curve.elems if e.id == b"KeyValueFloat"), np.float64)
