"""The footage that is chosen in the panel: what it is, and a small picture of it.

Both are looked up on a thread, shown when they are there, and not saved. What is live is never
looked at: that would open it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import bpy
import bpy.utils.previews

from ..core.errors import MienError
from ..core.jobs import Failed, Finished, Job
from ..core.progress import OnProgress
from ..core.settings import SourceSettings

if TYPE_CHECKING:
    from ..core.arrays import ImageArray
    from ..core.source import FootageLook

IMAGE_SUFFIXES = (
    ".bmp", ".dib", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm",
    ".tif", ".tiff", ".webp",
)  # fmt: skip
"""As in `core/source/image_file.py`, which takes too long to load for the drawing of a panel."""

_THUMBNAIL_PX = 256
_TICK_S = 0.05
_SETTLE_S = 0.2
"""Who drags a slider changes the choice many times; only the last one is looked at."""
_RETRY_S = 2.0
"""How long footage that could not be used is left alone; it may be mended in the meantime."""
_N_FOUND = 16


@dataclass(frozen=True, slots=True)
class _Found:
    """What a look came to, with the name of its icon, or an error; live footage has neither."""

    at_s: float
    look: FootageLook | None = None
    error: str = ""
    thumbnail: str = ""


@dataclass(slots=True)
class _State:
    """One look at a time: of what is `due` when the one before is done.

    `noticed` is what a panel has drawn in vain. Windows may show scenes with footage of their own,
    so more than one is remembered.
    """

    found: dict[str, _Found] = field(default_factory=dict)
    noticed: str = ""
    due: str = ""
    looking_at: str = ""
    job: Job | None = None
    icons: Any = None
    n_icons: int = 0


_STATE = _State()


def look_of(address: str, *, rate_hz: float | None = None) -> FootageLook | None:
    """Return what is known of footage; None while it is not, or cannot be, known.

    Images have no times of their own: they are shown at a rate, where one is given.
    """
    found = _STATE.found.get(address)
    look = None if found is None else found.look
    if look is None or rate_hz is None or look.footage.kind != "images":
        return look
    n_frames = look.footage.n_frames
    duration_s = None if n_frames is None else n_frames / rate_hz
    return replace(look, footage=replace(look.footage, rate_hz=rate_hz), duration_s=duration_s)


def error_of(address: str) -> str:
    """Return why footage cannot be used, or nothing."""
    return _STATE.found[address].error if address in _STATE.found else ""


def is_looking_at(address: str) -> bool:
    """Say whether footage is being looked at."""
    return bool(address) and address in (_STATE.due, _STATE.looking_at)


def may_be_images(address: str) -> bool:
    """Say whether footage is made of images, by its name alone where it is not known yet."""
    look = look_of(address)
    if look is not None:
        return look.footage.kind == "images"
    return PurePath(address).suffix.lower() in IMAGE_SUFFIXES


def icon_of(address: str) -> int:
    """Return the thumbnail's icon; a strip of film where there is none yet."""
    found = _STATE.found.get(address)
    if found is None or not found.thumbnail:
        icons = bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items
        return icons["FILE_MOVIE"].value
    return _STATE.icons[found.thumbnail].icon_id


def footage_changed(group: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """Look at the footage that was chosen."""
    want_look(group.address)


def want_look(address: str) -> None:
    """Begin to look at footage, unless it is live or there is no window to show it in.

    What was to be looked at before is not: it is no longer chosen.
    """
    if _has_window():
        _choose(address)
        if _STATE.due:
            _start_timer(_SETTLE_S)


def notice(address: str) -> None:
    """Have footage looked at soon that a panel draws and nothing is known of.

    So it is after an undo, in another scene, and when the extension was just enabled. Drawing only
    notes it; the timer does the rest.
    """
    if address and _has_window() and _is_unknown(address):
        _STATE.noticed = address
        _start_timer(0.0)


def register() -> None:
    """Make room for thumbnails."""
    _STATE.icons = bpy.utils.previews.new()


def unregister() -> None:
    """Forget what was looked at."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    if _STATE.job is not None:
        _STATE.job.join(5.0)
    bpy.utils.previews.remove(_STATE.icons)
    _STATE.__init__()


def _has_window() -> bool:
    """Say whether there is someone to show a look to."""
    return not bpy.app.background


def _start_timer(delay_s: float) -> None:
    """Have looks taken, from a moment on."""
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=delay_s)


def _choose(address: str) -> None:
    """Note what is to be looked at next: nothing, where the footage is live or there is none."""
    from ..core.source.opening import footage_place  # enabling an extension must be quick

    is_live = bool(address) and footage_place(address) is None
    _STATE.due = "" if is_live else address
    if is_live:
        _keep(address, _Found(time.monotonic()))


def _is_unknown(address: str) -> bool:
    """Say whether footage is to be looked at, if a panel shows it."""
    if is_looking_at(address):
        return False
    found = _STATE.found.get(address)
    is_old = found is not None and time.monotonic() - found.at_s > _RETRY_S
    return found is None or (bool(found.error) and is_old)


def _tick() -> float | None:
    """Start a look, or take what the thread has found; ends when there is nothing to do."""
    noticed, _STATE.noticed = _STATE.noticed, ""
    if noticed and _is_unknown(noticed):
        _choose(noticed)
    if _STATE.job is None:
        if not _STATE.due:
            return None
        _STATE.looking_at, _STATE.due = _STATE.due, ""
        _STATE.job = Job(_task_of(_STATE.looking_at), name="mien-look")
        _STATE.job.start()
    for message in _STATE.job.messages():
        if isinstance(message, Finished | Failed):
            address, _STATE.looking_at, _STATE.job = _STATE.looking_at, "", None
            _take(address, message)
            return _TICK_S if _STATE.due else None
    return _TICK_S


def _task_of(address: str) -> Any:
    """Return the task that looks at footage."""

    def task(on_progress: OnProgress) -> FootageLook:
        from ..core.source import look_at_footage

        return look_at_footage(address, SourceSettings(), longest_px=_THUMBNAIL_PX)

    return task


def _take(address: str, message: Finished | Failed) -> None:
    """Keep what was found, and have it shown."""
    now = time.monotonic()
    if isinstance(message, Finished):
        _keep(address, _Found(now, message.result, thumbnail=_icon_from(message.result.thumbnail)))
    elif isinstance(message.error, MienError):
        _keep(address, _Found(now, error=str(message.error)))
    else:
        _keep(address, _Found(now))  # a bug is told once, not at every redraw
        raise message.error
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


def _keep(address: str, found: _Found) -> None:
    """Remember what was found, and of the others those that came last."""
    before = _STATE.found.pop(address, None)
    _STATE.found[address] = found
    gone = [] if before is None else [before]
    if len(_STATE.found) > _N_FOUND:
        gone.append(_STATE.found.pop(next(iter(_STATE.found))))
    for one in gone:
        if one.thumbnail:
            del _STATE.icons[one.thumbnail]


def _icon_from(thumbnail: ImageArray) -> str:
    """Make an icon of a picture, (h, w, 3) RGB, in a transparent square; return its name."""
    import numpy as np  # enabling an extension must be quick

    side = max(thumbnail.shape[:2])
    square = np.zeros((side, side, 4), np.float32)
    height, width = thumbnail.shape[:2]
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width, :3] = thumbnail / np.float32(255.0)
    square[top : top + height, left : left + width, 3] = 1.0
    _STATE.n_icons += 1  # Blender keeps drawing an icon whose name it knows
    name = f"footage {_STATE.n_icons}"
    preview = _STATE.icons.new(name)
    preview.image_size = (side, side)
    preview.image_pixels_float.foreach_set(np.ascontiguousarray(square[::-1]).ravel())
    return name
