"""Changes to a take that is there: where its footage lies now, and a copy of it."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from ..errors import TakeError
from .durable_file import write_durably
from .take_folder import read_take
from .take_header import HEADER_NAME, read_header
from .take_lock import LOCK_NAME, TakeLock
from .take_place import cannot_write, check_take_place, remove_take


def set_footage_path(folder: str | Path, path: str) -> None:
    """Name another place of a take's footage; whether it is the same is the caller's to check.

    Raises
    ------
    TakeMissing, TakeTooNew, TakeDamaged, TakeError
        As `read_take`; also when a capture is writing it, or it cannot be written.
    """
    place = Path(folder).absolute()
    read_header(place)  # before the lock: a folder without a take stays as it is
    try:
        lock = TakeLock(place)
        try:
            header = read_header(place)
            moved = replace(header, footage=replace(header.footage, path=path))
            write_durably(place / HEADER_NAME, moved.to_json().encode())
        finally:
            lock.release()
    except OSError as error:
        raise cannot_write(place, error) from error


def delete_take(folder: str | Path) -> None:
    """Remove a take's files, damaged or not, unless a capture is writing them.

    Raises
    ------
    TakeBusy
        A capture is writing it.
    TakeError
        A file cannot be removed.
    """
    place = Path(folder).absolute()
    try:
        TakeLock(
            place
        ).release()  # to ask is enough: whoever begins now finds nothing to go on with
        remove_take(place)
    except OSError as error:
        raise TakeError(
            f"The files of take '{place}' cannot be removed: {error.strerror}. Check their "
            "permissions."
        ) from error


def copy_take(folder: str | Path, target: str | Path) -> None:
    """Copy a whole take into a folder that does not exist yet.

    Raises
    ------
    TakeMissing, TakeTooNew, TakeDamaged, TakeError
        As `read_take`, for the original; the target is there, or cannot be written. Nothing is
        left of it then.
    """
    source, place = Path(folder).absolute(), Path(target).absolute()
    read_take(source)
    check_take_place(place, is_overwriting=False)
    if place.exists():
        raise TakeError(f"A take cannot be copied to '{place}': a folder of that name is there.")
    try:
        with tempfile.TemporaryDirectory(prefix=f".{place.name}.", dir=place.parent) as staging:
            copied = Path(staging) / "take"
            shutil.copytree(source, copied, ignore=shutil.ignore_patterns(LOCK_NAME, "*.part"))
            read_take(copied)
            copied.replace(place)
    except (OSError, shutil.Error) as error:
        reason = error if isinstance(error, OSError) and error.strerror else OSError(0, str(error))
        raise cannot_write(place, reason) from error
