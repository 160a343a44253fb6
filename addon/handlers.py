"""What Mien does when a file is about to be closed, and when one was opened."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.app.handlers import persistent

from .footage import want_look
from .paths import path_from_near, path_near
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
    _follow_takes()
    want_look(scene.mien.source.address)


@persistent
def _before_save(filepath: str = "", *args: object) -> None:
    """Note where the takes lie as seen from the file, by the place to which it is being saved."""
    for scene in bpy.data.scenes:
        for take in scene.mien.takes:
            take.near = path_near(take.folder, blend=filepath)


def _follow_takes() -> None:
    """Find the takes of a file that was moved together with them."""
    for scene in bpy.data.scenes:
        for take in scene.mien.takes:
            if take.near and not Path(take.folder).exists():
                there = path_from_near(take.near)
                if Path(there).exists():
                    take.folder = there


def register() -> None:
    """Listen."""
    bpy.app.handlers.load_pre.append(_before_load)
    bpy.app.handlers.load_post.append(_after_load)
    bpy.app.handlers.save_pre.append(_before_save)


def unregister() -> None:
    """Stop listening, and end what runs: the code is about to go."""
    for handlers, function in (
        (bpy.app.handlers.save_pre, _before_save),
        (bpy.app.handlers.load_post, _after_load),
        (bpy.app.handlers.load_pre, _before_load),
    ):
        if function in handlers:  # another extension may have emptied the list
            handlers.remove(function)
    SESSION.end_and_wait(bpy.context)
    SOLVED.close()
