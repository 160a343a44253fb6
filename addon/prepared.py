"""A take on its way into the scene: everything that can be computed away from Blender's data."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from ..core.arrays import FloatArray
from ..core.errors import DegenerateError, NoFace
from ..core.export import write_texture_png
from ..core.pipeline import CarriedExpression, face_textures, solve
from ..core.records import OnProgress, Performance, Progress, Take
from ..core.settings import SmoothSettings
from ..core.takes import read_take
from .scene.face_scene import ScenePlan, carry_expressions
from .scene.timeline import SceneRate, scene_rate_of


@dataclass(frozen=True, slots=True)
class BuildOrder:
    """What is asked for, as plain values.

    `settings` is all of it as text that can be compared; `kept_rate` the scene's own where it keeps
    that.
    """

    folder: str
    smooth: SmoothSettings
    plan: ScenePlan
    has_textures: bool
    settings: str
    kept_rate: SceneRate | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PreparedTake:
    """What was computed.

    `textures` one PNG a performance, or empty, in a folder that goes with this record. Jitter is
    `shaking_percent` of the first face, before and after smoothing; NaN where it cannot be told.
    """

    order: BuildOrder
    take: Take
    performances: list[Performance]
    expressions: dict[int, CarriedExpression]
    textures: tuple[str, ...]
    jitter_before: float
    jitter_after: float
    folder: tempfile.TemporaryDirectory[str] = field(repr=False)


def prepare_take(order: BuildOrder, on_progress: OnProgress) -> PreparedTake:
    """Read, solve and analyse a take; runs on any thread.

    Raises
    ------
    TakeError
        The take is unusable.
    NoFace
        It holds no face.
    """
    take = read_take(order.folder)
    on_progress(Progress("smooth", 0, None))
    performances = solve(take, order.smooth)
    if not any(one.is_present.any() for one in performances):
        raise NoFace(
            f"Take '{Path(order.folder).name}' holds no face: there is nothing to build. Capture "
            "footage that shows one."
        )
    folder = tempfile.TemporaryDirectory(prefix="mien-")
    textures: tuple[str, ...] = ()
    if order.has_textures:
        on_progress(Progress("texture", 0, None))
        images = face_textures(take, performances)
        textures = tuple(
            ""
            if image is None
            else str(write_texture_png(Path(folder.name) / f"face{index}.png", image))
            for index, image in enumerate(images)
        )
    on_progress(Progress("shapes", 0, None))
    rate = order.kept_rate or scene_rate_of(performances[0].footage.rate_hz)
    expressions = carry_expressions(performances, plan=order.plan, rate=rate)
    first = performances[0]
    return PreparedTake(
        order=order,
        take=take,
        performances=performances,
        expressions=expressions,
        textures=textures,
        jitter_before=_jitter(first.track.landmarks_px),
        jitter_after=_jitter(first.landmarks_smooth_px),
        folder=folder,
    )


def _jitter(points_px: FloatArray) -> float:
    """Measure how much landmarks shake, in % of the inter-ocular distance."""
    from ..core.bench.measure import shaking_percent  # loads all of the bench

    try:
        return shaking_percent(points_px)
    except DegenerateError:
        return float("nan")
