"""A solved face → its expression in the form that a carrier wants; all but writing it down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..animate import blendshapes_from_positions, neutral_face, resample_uniform
from ..arrays import Float32Array, FloatArray
from ..mesh import FaceSurface, face_surface
from ..records import Performance
from ..settings import AnimateSettings, Carrier, MeshSettings
from ..spaces import scene_from_head


@dataclass(frozen=True, slots=True, eq=False)
class CarriedExpression:
    """One face's mesh and how it moves, scene space, metres.

    `neutral_m` (n_vertices, 3). With the carrier `shape-keys`: `offsets_m` (n_blendshapes,
    n_vertices, 3), `weights` (n_keys, n_blendshapes) in 0 to 1, and `names`. With
    `absolute-keys` and `vertices`: `positions_m` (n_keys, n_vertices, 3). With `cache`: the same,
    one a scene frame from `first_frame` on. Keys are the frames that have a pose.
    """

    carrier: Carrier
    surface: FaceSurface
    neutral_m: Float32Array
    positions_m: FloatArray
    offsets_m: FloatArray
    weights: Float32Array
    names: tuple[str, ...] = ()
    worst_error_m: float = 0.0
    first_frame: int = 0


def carry_expression(
    performance: Performance, *, mesh: MeshSettings, animate: AnimateSettings, rate_hz: float
) -> CarriedExpression:
    """Compute what a face's carrier holds; it touches nothing and may run on any thread.

    Parameters
    ----------
    performance : at least one frame has a pose
    mesh : how the engine's mesh is subdivided here, not by a modifier
    animate : carrier and tolerance
    rate_hz : the scene's, for the carrier `cache`
    """
    surface = face_surface(performance.topology, mesh)
    poses_m = performance.geometry.head_m[performance.is_present]
    neutral_m = neutral_face(poses_m, reference_m=performance.topology.neutral_m)
    n_vertices = surface.n_vertices
    positions_m: FloatArray = np.zeros((0, n_vertices, 3), np.float32)
    offsets_m, weights = positions_m, np.zeros((len(poses_m), 0), np.float32)
    names: tuple[str, ...] = ()
    worst_error_m, first_frame = 0.0, 0
    if animate.carrier == "shape-keys":
        animation = blendshapes_from_positions(
            poses_m,
            neutral_m=neutral_m,
            tolerance_m=animate.tolerance_m,
            max_blendshapes=animate.max_blendshapes,
        )
        offsets_m = surface.carry(scene_from_head(animation.offsets_m))
        weights, names = animation.weights, animation.names
        worst_error_m = animation.worst_error_m
    elif animate.carrier == "cache":
        head_m, time_s = performance.geometry.head_m, performance.time_s
        samples = resample_uniform(head_m, time_s, rate_hz=rate_hz)
        positions_m = surface.carry(scene_from_head(samples.values))
        first_frame = samples.first_frame
    else:
        positions_m = surface.carry(scene_from_head(poses_m))
    return CarriedExpression(
        carrier=animate.carrier,
        surface=surface,
        neutral_m=surface.carry(scene_from_head(neutral_m)[None])[0],
        positions_m=positions_m,
        offsets_m=offsets_m,
        weights=weights,
        names=names,
        worst_error_m=worst_error_m,
        first_frame=first_frame,
    )
