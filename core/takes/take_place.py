"""Where a take may be put, and how one is taken away."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..errors import TakeError, TakeExists
from .take_header import HEADER_NAME
from .take_lock import LOCK_NAME

_OWN_FILES = re.compile(
    r"time_s\.f64|frame_index\.i32|shot\.i32|face\d+/(presence|landmarks_px|(followed_)?regions)\.f32"
    r"|face\d+/position_map\.i16"
    r"|stills/face\d+-\d+\.png(\.part)?|take\.json(\.part)?"
)


def check_take_place(folder: Path, *, is_overwriting: bool) -> None:
    """Raise unless a new take can be made in the folder; nothing is made yet.

    Raises
    ------
    TakeExists
        A take is there, and is not to be overwritten.
    TakeError
        The parent folder is missing, the folder holds other files, or cannot be written.
    """
    try:
        if not folder.parent.is_dir():
            raise _impossible(folder, f"there is no folder '{folder.parent}'. Make it first")
        if folder.exists() and not folder.is_dir():
            raise _impossible(folder, "a file of that name is there. Choose another name")
        writable = folder if folder.exists() else folder.parent
        if not os.access(writable, os.W_OK | os.X_OK):
            raise _impossible(folder, f"'{writable}' is write-protected. Choose another folder")
        if (folder / HEADER_NAME).exists():
            if not is_overwriting:
                raise TakeExists(
                    f"A take is in '{folder}' already. Choose another folder, or go on with that "
                    "take."
                )
        elif folder.exists() and _has_other_files(folder):
            raise _impossible(folder, "it holds other files. Choose a new or empty folder")
    except OSError as error:
        raise cannot_write(folder, error) from error


def remove_take(folder: Path) -> None:
    """Remove the files of a take, damaged or not, and the folders that are then empty.

    Files that are not a take's stay.

    Raises
    ------
    OSError
        A file could not be removed.
    """
    own = [file for file in _files_of(folder) if _is_own(file, folder)]
    own.sort(key=lambda file: file.name == HEADER_NAME)  # last: until then it can be done again
    for file in own:
        file.unlink()
    for place in [*({file.parent for file in own} - {folder}), folder]:
        if not any(place.iterdir()):
            place.rmdir()


def cannot_write(folder: Path, error: OSError) -> TakeError:
    """Return the error for a take that the system refuses to write."""
    return TakeError(
        f"Take '{folder}' cannot be written: {error.strerror}. "
        "Check the folder's permissions and the space on its disk."
    )


def _impossible(folder: Path, reason: str) -> TakeError:
    """Return the error for a place that is no place for a take."""
    return TakeError(f"A take cannot be made in '{folder}': {reason}.")


def _has_other_files(folder: Path) -> bool:
    """Say whether there is anything but hidden files and what a crash at the very start leaves."""
    for entry in folder.iterdir():
        if entry.name.startswith(".") or entry.name in (LOCK_NAME, HEADER_NAME + ".part"):
            continue
        files = list(entry.iterdir()) if entry.is_dir() else [entry]
        if any(file.is_dir() or file.stat().st_size or not _is_own(file, folder) for file in files):
            return True
    return False


def _files_of(folder: Path) -> list[Path]:
    """List the files in a folder and in its folders, no deeper."""
    entries = list(folder.iterdir())
    inner = [file for entry in entries if entry.is_dir() for file in entry.iterdir()]
    return [file for file in entries + inner if file.is_file()]


def _is_own(file: Path, folder: Path) -> bool:
    """Say whether a file has a name that a take gives."""
    return _OWN_FILES.fullmatch(file.relative_to(folder).as_posix()) is not None
