"""Where takes and imported weights go."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import bpy

from ..core.user_folder import USER_FOLDER_VARIABLE, user_folder

PACKAGE = __package__.rpartition(".")[0]
"""The add-on's id in Blender's preferences."""

_before: list[str | None] = []


def choose_user_folder(path: str) -> None:
    """Let all of Mien, child processes included, use another user folder; "" is its own.

    Parameters
    ----------
    path : absolute
    """
    if not _before:
        _before.append(os.environ.get(USER_FOLDER_VARIABLE))
    if path:
        os.environ[USER_FOLDER_VARIABLE] = path
    else:
        forget_user_folder()


def forget_user_folder() -> None:
    """Leave the environment as it was found."""
    if not _before:
        return
    before = _before.pop()
    if before is None:
        os.environ.pop(USER_FOLDER_VARIABLE, None)
    else:
        os.environ[USER_FOLDER_VARIABLE] = before


def takes_folder(*, is_beside_blend: bool) -> Path:
    """Return the folder for new takes: beside the saved file if that can be, else the user's."""
    if is_beside_blend and bpy.data.filepath:
        blend = Path(bpy.data.filepath)
        folder = blend.with_name(f"{blend.stem} takes")
        with suppress(OSError):
            # Asking for rights tells nothing on Windows; making the folder does.
            folder.mkdir(exist_ok=True)
            if os.access(folder, os.W_OK | os.X_OK):
                return folder
    return user_folder() / "takes"


def new_take_folder(parent: Path, footage: str) -> Path:
    """Return a folder for a take of some footage that does not exist yet; its parent is made.

    Raises
    ------
    OSError
        The parent cannot be made.
    """
    parent.mkdir(parents=True, exist_ok=True)
    stem = file_name(Path(footage).stem or Path(footage).name) or "take"
    numbered = (parent / f"{stem}{f' {number}' if number > 1 else ''}.take" for number in _count())
    return next(folder for folder in numbered if not folder.exists())


def file_name(text: str) -> str:
    """Return a text as the name of a file on any system; letters of all scripts stay."""
    return re.sub(r"[^\w.\- ]+", "_", text).strip(" .")


def _count() -> range:
    """Count upwards from 1, further than anyone captures."""
    return range(1, 1_000_000)


def path_near(folder: str, *, blend: str = "") -> str:
    """Return a path as seen from the saved file, if it lies beside or below it; else nothing.

    `blend` is the file; empty is the one that is open.
    """
    blend = blend or bpy.data.filepath
    if not blend:
        return ""
    try:
        return Path(folder).relative_to(Path(blend).parent).as_posix()
    except ValueError:
        return ""


def path_from_near(near: str) -> str:
    """Return the absolute path of what `path_near` gave, wherever the file lies now."""
    return str(Path(bpy.data.filepath).parent / near)
