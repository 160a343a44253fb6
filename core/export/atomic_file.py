"""A file that appears under its name when it is complete, and not before."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ..errors import ExportError


@contextmanager
def path_beside(path: str | Path) -> Iterator[Path]:
    """Give a path to write to; at the end it takes the place of `path`, after an error it is gone.

    Parameters
    ----------
    path : where the complete file shall lie; a file that is there stays until then

    Yields
    ------
    Path
        In the same folder, with the same suffix.

    Raises
    ------
    ExportError
        The system refuses: no such folder, no permission, no space left.
    """
    target = Path(path).absolute()
    beside = target.with_name(f".{target.stem}.{os.getpid()}.part{target.suffix}")
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        yield beside
        beside.replace(target)
    except OSError as error:
        raise ExportError(_message(target, error)) from error
    finally:
        _remove(beside)


@contextmanager
def new_file(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file to write, as `path_beside` does; it reaches the disk before it gets its name."""
    with path_beside(path) as beside, beside.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _remove(path: Path) -> None:
    """Remove a file if it is there and the system lets us: the first error is the one to tell."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return


def _message(target: Path, error: OSError) -> str:
    """Say what the system refused, and what to do."""
    subject = f"'{target.name}' cannot be written to '{target.parent}'"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"{subject}: the folder does not exist. Create it, or choose another."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{subject}: no permission ({error.strerror}). Choose another folder."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{subject}: the disk is full. Free some space, or choose another disk."
    if error.errno == errno.EISDIR:
        return f"{subject}: a folder of that name is there. Choose another name."
    return f"{subject}: {error.strerror or error}. Choose another folder or name."
