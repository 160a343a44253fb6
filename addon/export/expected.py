"""What a file must hold when it has been written: counted in the scene it comes from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import bpy
import numpy as np

from ...core.arrays import Float32Array, Float64Array, IndexArray
from ..scene.actions import curves_of
from ..scene.face_scene import FaceScene
from ..scene.timeline import always_shown

_N_PROBES = 5


@dataclass(frozen=True, slots=True, eq=False)
class ExpectedFace:
    """One face: at the probes, and whatever does not move.

    `world_m` (n_probes, n_vertices, 3), metres; `weights` (n_probes, n_blendshapes) of the relative
    shape keys without the Basis, `key_names` their names; `neutral_m` (n_vertices, 3) and
    `offsets_m` (n_blendshapes, n_vertices, 3) their shapes, the object's own axes; `surface`
    (n_surface,) the vertices that belong to a polygon, which are all that some formats keep;
    `n_keys` how many keyframes each animated property has, by its data path and index.
    """

    name: str
    world_m: Float64Array
    weights: Float64Array
    key_names: tuple[str, ...]
    neutral_m: Float64Array
    offsets_m: Float32Array
    surface: IndexArray
    n_keys: dict[tuple[str, int], int]

    @property
    def n_blendshapes(self) -> int:
        """Shape keys without the Basis."""
        return self.weights.shape[1]


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """All faces, the scene's range with both ends, and the frames of the probes."""

    faces: tuple[ExpectedFace, ...]
    frame_start: int
    frame_end: int
    rate_hz: float
    probes: tuple[int, ...]

    @property
    def n_frames(self) -> int:
        """Scene frames that are exported."""
        return self.frame_end - self.frame_start + 1

    @property
    def is_animated(self) -> bool:
        """Whether there is more than one frame, so that there must be an animation."""
        return self.n_frames > 1

    @property
    def is_moving(self) -> bool:
        """Whether anything is elsewhere at one probe than at the first."""
        return any(np.ptp(face.world_m, axis=0).max() > 0 for face in self.faces)


def expected_of(scene: bpy.types.Scene, built: FaceScene) -> Expected:
    """Count and measure what the file of a scene must hold."""
    probes = np.linspace(scene.frame_start, scene.frame_end, _N_PROBES).astype(int)
    frames = tuple(sorted({int(frame) for frame in probes}))
    faces = []
    for face in built.faces:
        with always_shown(face):
            found = [(world_vertices(scene, face, frame), _weights(face)) for frame in frames]
        world, weights = zip(*found, strict=True)
        faces.append(_expected_face(face, world_m=np.stack(world), weights=np.stack(weights)))
    return Expected(
        faces=tuple(faces),
        frame_start=scene.frame_start,
        frame_end=scene.frame_end,
        rate_hz=scene.render.fps / scene.render.fps_base,
        probes=frames,
    )


def world_vertices(scene: bpy.types.Scene, face: bpy.types.Object, frame: float) -> Float64Array:
    """Evaluate an object's vertices at a scene frame, (n_vertices, 3), metres, world."""
    whole = math.floor(frame)
    scene.frame_set(whole, subframe=frame - whole)
    evaluated = face.evaluated_get(bpy.context.evaluated_depsgraph_get())
    vertices = evaluated.data.vertices
    found = np.zeros(len(vertices) * 3, np.float32)
    vertices.foreach_get("co", found)
    world = np.array(evaluated.matrix_world, np.float64)
    return np.asarray(found.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3], np.float64)


def n_keys_of(face: bpy.types.Object) -> dict[tuple[str, int], int]:
    """Count the keyframes of each animated property of an object, its mesh and its shape keys."""
    blocks = [face, face.data, face.data.shape_keys]
    return {
        (curve.data_path, curve.array_index): len(curve.keyframe_points)
        for block in blocks
        if block is not None
        for curve in curves_of(block)
    }


def _expected_face(
    face: bpy.types.Object, *, world_m: Float64Array, weights: Float64Array
) -> ExpectedFace:
    """Add to what was measured at the probes what does not move."""
    mesh = face.data
    blocks = _relative_keys(mesh)
    neutral_m = _positions(mesh.vertices)
    corners = np.zeros(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    return ExpectedFace(
        name=face.name,
        world_m=world_m,
        weights=weights,
        key_names=tuple(block.name for block in blocks),
        neutral_m=neutral_m,
        offsets_m=_offsets(blocks, neutral_m=neutral_m),
        surface=np.unique(corners),
        n_keys=n_keys_of(face),
    )


def _offsets(blocks: list[bpy.types.ShapeKey], *, neutral_m: Float64Array) -> Float32Array:
    """Return how far each shape key is from the neutral shape, (n_blendshapes, n_vertices, 3)."""
    offsets = np.zeros((len(blocks), *neutral_m.shape), np.float32)
    for offset, block in zip(offsets, blocks, strict=True):
        offset[:] = _positions(block.points) - neutral_m
    return offsets


def _positions(points: bpy.types.bpy_prop_collection) -> Float64Array:
    """Read coordinates of vertices or of a shape key's points, (n, 3)."""
    found = np.zeros(len(points) * 3, np.float32)
    points.foreach_get("co", found)
    return found.reshape(-1, 3).astype(np.float64)


def _relative_keys(mesh: bpy.types.Mesh) -> list[bpy.types.ShapeKey]:
    """Return the relative shape keys without the Basis."""
    shape_keys = mesh.shape_keys
    return list(shape_keys.key_blocks[1:]) if shape_keys and shape_keys.use_relative else []


def _weights(face: bpy.types.Object) -> Float64Array:
    """Return the values of the relative shape keys without the Basis at the current frame."""
    return np.array([block.value for block in _relative_keys(face.data)])
