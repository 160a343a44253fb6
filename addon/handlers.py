"""What Mien does when a file is about to be closed, and when one was opened."""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from .footage import want_look
from .session import SESSION
from .solved import SOLVED


@persistent
def _before_load(*args: object) -> None:
    """End what runs: its scene is about to go. Its frames are on the disk."""
    SESSION.end_and_wait(bpy.context)


@persistent
def _after_load(*args: object) -> None:
    """Look at the footage that the file has chosen."""
    scene = bpy.context.scene
    if scene is None or scene.mien.is_too_new:
        return
    source = scene.mien.source
    want_look(source.address, rate_hz=source.rate_hz)


def register() -> None:
    """Listen."""
    bpy.app.handlers.load_pre.append(_before_load)
    bpy.app.handlers.load_post.append(_after_load)


def unregister() -> None:
    """Stop listening, and end what runs: the code is about to go."""
    bpy.app.handlers.load_post.remove(_after_load)
    bpy.app.handlers.load_pre.remove(_before_load)
    SESSION.end_and_wait(bpy.context)
    SOLVED.close()
