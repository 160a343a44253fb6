"""A take on its way into the scene: everything that can be computed away from Blender's data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..core.arrays import FloatArray
from ..core.errors import DegenerateError, NoFace
from ..core.export import png_of_texture
from ..core.geometry import in_facemesh_order
from ..core.pipeline import (
    CarriedExpression,
    Geometries,
    face_textures,
    has_position_maps,
    raw_geometries,
    solve,
)
from ..core.records import OnProgress, Performance, Progress, Take
from ..core.settings import SmoothSettings
from ..core.takes import read_take, take_mark
from .scene.face_scene import ScenePlan, carry_expressions
from .scene.timeline import SceneRate, scene_rate_of


@dataclass(frozen=True, slots=True)
class BuildOrder:
    """What is asked for, as plain values.

    `settings` is all of it as text that can be compared; `kept_rate` the scene's own where it keeps
    that; `geometries`, of the kind that `smooth` asks for, and `jitter_before` what an earlier
    build of the same take has found.
    """

    folder: str
    smooth: SmoothSettings
    plan: ScenePlan
    has_textures: bool
    settings: str
    kept_rate: SceneRate | None = None
    geometries: Geometries | None = None
    jitter_before: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PreparedTake:
    """What was computed.

    `textures` the content of one PNG a performance, or empty. Jitter is `shaking_percent` of the
    first face, before and after smoothing; NaN where it cannot be told. `mark` is the take's
    `take_mark` before it was read.
    """

    order: BuildOrder
    take: Take
    mark: object
    geometries: Geometries
    performances: list[Performance]
    expressions: dict[int, CarriedExpression]
    textures: tuple[bytes, ...]
    jitter_before: float
    jitter_after: float


def prepare_take(order: BuildOrder, on_progress: OnProgress) -> PreparedTake:
    """Read, solve and analyse a take; runs on any thread.

    Raises
    ------
    TakeError
        The take is unusable.
    NoFace
        It holds no face.
    """
    mark = take_mark(Path(order.folder))
    take = read_take(order.folder)
    on_progress(Progress("smooth", 0, None))
    geometries = order.geometries
    if geometries is None or any(len(one.head_m) != take.n_frames for one in geometries.values()):
        geometries = raw_geometries(take, order.smooth)
    density = order.plan.mesh.density if has_position_maps(take) else "1k"
    performances = solve(take, order.smooth, geometries=geometries, density=density)
    if not any(one.is_present.any() for one in performances):
        raise NoFace(
            f"Take '{Path(order.folder).name}' holds no face: there is nothing to build. Capture "
            "footage that shows one."
        )
    textures: tuple[bytes, ...] = ()
    if order.has_textures:
        on_progress(Progress("texture", 0, None))
        images = face_textures(take, performances)
        textures = tuple(b"" if image is None else png_of_texture(image) for image in images)
    on_progress(Progress("shapes", 0, None))
    rate = order.kept_rate or scene_rate_of(performances[0].footage.rate_hz)
    expressions = carry_expressions(performances, plan=order.plan, rate=rate)
    first = performances[0]
    return PreparedTake(
        order=order,
        take=take,
        mark=mark,
        geometries=geometries,
        performances=performances,
        expressions=expressions,
        textures=textures,
        jitter_before=_jitter(first.track.landmarks_px)
        if order.jitter_before is None
        else order.jitter_before,
        jitter_after=_jitter(first.landmarks_smooth_px),
    )


def _jitter(points_px: FloatArray) -> float:
    """Measure how much landmarks shake, in % of the inter-ocular distance."""
    from ..core.bench.measure import shaking_percent  # loads all of the bench

    try:
        return shaking_percent(in_facemesh_order(points_px))
    except DegenerateError:
        return float("nan")
