"""Draws in Blender's editors, as the scene's settings ask for; leaves nothing behind.

Drawing only looks up. What is missing is noted, and a timer, which runs only then, has it computed.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import bpy

from ...core.jobs import Failed, Job
from ..active_take import active_take, active_take_folder
from ..solved import SOLVED

if TYPE_CHECKING:
    from ...core.records import Performance
    from .overlay import Overlay
    from .strip import Strip

_LOG = logging.getLogger(__name__)

_AREAS = frozenset({"VIEW_3D", "CLIP_EDITOR", "IMAGE_EDITOR", "DOPESHEET_EDITOR"})
_TICK_S = 0.3
_RETRY_S = 2.0
"""How long a take that could not be solved is left alone."""


@dataclass(slots=True)
class _State:
    """The handlers, what they draw with, and what they lack.

    `wanted` is the take that was looked for in vain: its folder and its scene's name. `left_alone`
    tells until when a folder is not asked for again; `broken` which faces failed to be drawn. What
    draws is loaded when there is something to draw: enabling an extension must be quick.
    """

    handles: list[tuple[type, object]] = field(default_factory=list)
    overlay: Overlay | None = None
    strip: Strip | None = None
    wanted: tuple[str, str] | None = None
    unprepared: list[Performance] | None = None
    preparing: tuple[list[Performance], Job] | None = None
    left_alone: dict[str, float] = field(default_factory=dict)
    broken: list[list[Performance]] = field(default_factory=list)


_STATE = _State()


def register() -> None:
    """Begin to draw; without a window there is nothing to draw in."""
    if not bpy.app.background:
        add_handlers()


def unregister() -> None:
    """Stop drawing, and let go of everything."""
    remove_handlers()


def add_handlers() -> None:
    """Hang the drawing into Blender's editors."""
    places = (
        (bpy.types.SpaceView3D, _draw_overlay),
        (bpy.types.SpaceClipEditor, _draw_overlay),
        (bpy.types.SpaceImageEditor, _draw_overlay),
        (bpy.types.SpaceDopeSheetEditor, _draw_strip),
    )
    for space, draw in places:
        handle = space.draw_handler_add(draw, (), "WINDOW", "POST_PIXEL")
        _STATE.handles.append((space, handle))
    bpy.app.handlers.load_post.append(_forget)
    redraw()


def remove_handlers() -> None:
    """Take the drawing out of Blender's editors."""
    while _STATE.handles:
        space, handle = _STATE.handles.pop()
        space.draw_handler_remove(handle, "WINDOW")
    if _forget in bpy.app.handlers.load_post:
        bpy.app.handlers.load_post.remove(_forget)
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    _forget()
    if _STATE.preparing is not None:
        _STATE.preparing[1].join(5.0)
        _STATE.preparing = None
    if _STATE.overlay is not None or _STATE.strip is not None:
        from . import brush

        brush.forget_shaders()
        _STATE.overlay = _STATE.strip = None
    redraw()


def redraw() -> None:
    """Have every editor that shows the preview draw again."""
    # While an add-on is enabled, Blender keeps `bpy.data` from it.
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in _AREAS:
                area.tag_redraw()


def _draw_overlay() -> None:
    """Draw the faces over their footage, in the region that is being drawn."""
    context = bpy.context
    settings = _settings_of(context)
    if settings is None or not settings.show_overlay:
        return
    faces = _faces_of(context)
    if faces:
        _guarded(faces, lambda: _overlay(context, settings, faces))


def _draw_strip() -> None:
    """Draw the graph of the take, in the timeline that is being drawn."""
    context = bpy.context
    settings = _settings_of(context)
    if settings is None or not settings.show_strip:
        return
    faces = _faces_of(context)
    if not faces:
        return
    from .strip import MODES

    if context.space_data.mode not in MODES:
        return
    strip = _strip()
    if strip.has(faces):
        _guarded(faces, lambda: strip.draw(context, faces))
    elif not _is_broken(faces):
        _STATE.unprepared = faces
        _start_timer()


def _overlay(
    context: bpy.types.Context, settings: bpy.types.PropertyGroup, faces: list[Performance]
) -> None:
    """Find the footage in the region, and draw over it."""
    from .overlay import Overlay, OverlayStyle
    from .pictures import picture_of

    take = active_take(context.scene)
    picture = picture_of(context, faces[0].footage, camera=getattr(take, "camera", None))
    if picture is None:
        return
    style = OverlayStyle(
        has_mesh=settings.show_mesh,
        has_points=settings.show_points,
        has_contours=settings.show_contours,
        is_raw=settings.use_raw,
        opacity=settings.opacity,
        ui_scale=context.preferences.system.ui_scale,
    )
    if _STATE.overlay is None:
        _STATE.overlay = Overlay()
    _STATE.overlay.draw(faces, picture, style)


def _strip() -> Strip:
    """Return what draws the graph."""
    from .strip import Strip

    if _STATE.strip is None:
        _STATE.strip = Strip()
    return _STATE.strip


def _settings_of(context: bpy.types.Context) -> bpy.types.PropertyGroup | None:
    """Return what the scene wants to see; None while the add-on comes or goes."""
    mien = getattr(context.scene, "mien", None)
    return getattr(mien, "preview", None)


def _faces_of(context: bpy.types.Context) -> list[Performance]:
    """Return the faces of the scene's take; where they are not known, note that."""
    folder = active_take_folder(context.scene)
    if not folder:
        return []
    faces = SOLVED.of(folder)
    if not faces and time.monotonic() >= _STATE.left_alone.get(folder, 0.0):
        _STATE.wanted = folder, context.scene.name
        _start_timer()
    return faces


def _guarded(faces: list[Performance], draw: Callable[[], None]) -> None:
    """Draw, unless that failed before: what fails, fails on every redraw."""
    if _is_broken(faces):
        return
    try:
        draw()
    except Exception as error:
        _give_up(faces, "The preview of a take cannot be drawn and is left out", error=error)


def _is_broken(faces: list[Performance]) -> bool:
    """Say whether drawing these faces failed before."""
    return any(one is faces for one in _STATE.broken)


def _give_up(faces: list[Performance], why: str, *, error: BaseException) -> None:
    """Log an error, once, and never try these faces again."""
    _LOG.error(why, exc_info=error)
    _STATE.broken = [*_STATE.broken[-3:], faces]


def _start_timer() -> None:
    """Have what is missing computed soon, when Blender is not drawing."""
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=0.0)


def _tick() -> float | None:
    """Have what is missing computed; ends when nothing is missing any more."""
    is_at_work = _is_preparing()
    return _TICK_S if _is_solving() or is_at_work else None


def _is_preparing() -> bool:
    """Have the graph that the timeline lacks computed on a thread; return whether to look again."""
    if _STATE.preparing is None:
        faces, _STATE.unprepared = _STATE.unprepared, None
        if faces is None:
            return False
        strip = _strip()
        job = Job(lambda on_progress: strip.prepare(faces), name="mien-graph")
        _STATE.preparing = faces, job
        job.start()
    faces, job = _STATE.preparing
    for message in job.messages():
        _STATE.preparing = None
        if isinstance(message, Failed):
            why = "The graph of a take cannot be computed and is left out"
            _give_up(faces, why, error=message.error)
        redraw()
    return _STATE.preparing is not None


def _is_solving() -> bool:
    """Ask for the take that is wanted, and take what is done; return whether to look again."""
    if _STATE.wanted is None:
        return False
    folder, scene_name = _STATE.wanted
    until = time.monotonic() + _RETRY_S
    try:
        is_at_work = SOLVED.collect(redraw)
        scene = bpy.data.scenes.get(scene_name)
        if not is_at_work and not SOLVED.of(folder) and scene is not None:
            SOLVED.want(folder, scene.mien.smoothing.to_settings())
            is_at_work = SOLVED.collect(redraw)
    except Exception:
        _LOG.exception("Take '%s' cannot be solved for the preview", folder)
        is_at_work, until = False, math.inf
    if SOLVED.of(folder):
        redraw()
    elif not is_at_work:
        _STATE.left_alone[folder] = until
    if not is_at_work:
        _STATE.wanted = None
    return is_at_work


@bpy.app.handlers.persistent
def _forget(*_: object) -> None:
    """Let go of what was drawn before another file was opened."""
    for tool in (_STATE.overlay, _STATE.strip):
        if tool is not None:
            tool.close()
    _STATE.wanted = _STATE.unprepared = None
    _STATE.left_alone.clear()
    _STATE.broken.clear()
