"""The footage that is chosen in the panel: what it is, and a small picture of it.

Both are looked up on a thread when the choice changes, shown when they are there, and not saved.
"""

from __future__ import annotations

from dataclasses import dataclass
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

_THUMBNAIL_PX = 256
_TICK_S = 0.05
_SETTLE_S = 0.2
"""Who drags a slider changes the choice many times; only the last one is looked at."""


@dataclass(slots=True)
class _State:
    """One choice at a time."""

    address: str = ""
    look: FootageLook | None = None
    error: str = ""
    job: Job | None = None
    is_due: bool = False
    icons: Any = None
    n_icons: int = 0


_STATE = _State()


def look_of(address: str) -> FootageLook | None:
    """Return what is known of footage; None while it is not, or cannot be, known."""
    return _STATE.look if _STATE.address == address else None


def error_of(address: str) -> str:
    """Return why footage cannot be used, or nothing."""
    return _STATE.error if _STATE.address == address else ""


def is_looking_at(address: str) -> bool:
    """Say whether footage is being looked at."""
    return _STATE.address == address and _STATE.look is None and not _STATE.error


def icon_of(address: str) -> int:
    """Return the thumbnail's icon; a strip of film where there is none yet."""
    if look_of(address) is None or _STATE.icons is None:
        icons = bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items
        return icons["FILE_MOVIE"].value
    return _STATE.icons[f"footage {_STATE.n_icons}"].icon_id


def footage_changed(group: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """Look at the footage that was chosen; cameras are left alone until they are captured."""
    want_look(group.address, rate_hz=group.rate_hz)


def want_look(address: str, *, rate_hz: float = 24.0) -> None:
    """Begin to look at footage, unless that is done or there is no window to show it in."""
    if bpy.app.background or address == _STATE.address:
        return
    _STATE.address, _STATE.look, _STATE.error = address, None, ""
    if not address or address.startswith("camera:"):
        return
    _STATE.is_due = True
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=_SETTLE_S)


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


def _tick() -> float | None:
    """Start a look, or take what the thread has found; ends when there is nothing to do."""
    if _STATE.job is None:
        if not _STATE.is_due:
            return None
        _STATE.is_due = False
        _STATE.job = Job(_task_of(_STATE.address), name="mien-look")
        _STATE.job.start()
    for message in _STATE.job.messages():
        if isinstance(message, Finished | Failed):
            _STATE.job = None
            _take(message)
            return _TICK_S if _STATE.is_due else None
    return _TICK_S


def _task_of(address: str) -> Any:
    """Return the task that looks at footage."""

    def task(on_progress: OnProgress) -> tuple[str, FootageLook]:
        from ..core.source import look_at_footage

        return address, look_at_footage(address, SourceSettings(), longest_px=_THUMBNAIL_PX)

    return task


def _take(message: Finished | Failed) -> None:
    """Keep what was found, unless something else was chosen in the meantime."""
    if isinstance(message, Failed):
        if not isinstance(message.error, MienError):
            raise message.error
        if not _STATE.is_due:
            _STATE.error = str(message.error)
    elif message.result[0] == _STATE.address:
        _STATE.look = message.result[1]
        _show(_STATE.look.thumbnail)
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


def _show(thumbnail: ImageArray) -> None:
    """Make an icon of a picture, (h, w, 3) RGB, in the middle of a transparent square."""
    import numpy as np  # enabling an extension must be quick

    side = max(thumbnail.shape[:2])
    square = np.zeros((side, side, 4), np.float32)
    height, width = thumbnail.shape[:2]
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width, :3] = thumbnail / np.float32(255.0)
    square[top : top + height, left : left + width, 3] = 1.0
    _STATE.icons.clear()
    _STATE.n_icons += 1  # Blender keeps drawing an icon whose name it knows
    preview = _STATE.icons.new(f"footage {_STATE.n_icons}")
    preview.image_size = (side, side)
    preview.image_pixels_float.foreach_set(np.ascontiguousarray(square[::-1]).ravel())
