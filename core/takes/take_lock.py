"""Keeps two captures from writing the same take.

The operating system holds the lock and drops it when its process ends, however it ends; a lock file
that a killed capture left behind is therefore just a file. The number in it names the process that
is writing, for the message.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
from pathlib import Path
from typing import BinaryIO

from ..errors import TakeBusy

LOCK_NAME = "take.lock"

_log = logging.getLogger(__name__)
_HELD_BY_ANOTHER = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
_LOCKED_BYTE = 1 << 20  # far behind the number: Windows forbids others to read a locked byte


class TakeLock:
    """The right to write one take folder, from construction to `release`."""

    def __init__(self, folder: Path) -> None:
        """Lock the folder, which must exist.

        Raises
        ------
        TakeBusy
            Another capture is writing this take.
        OSError
            The lock file could not be made.
        """
        self._path = folder / LOCK_NAME
        self._file = _open_locked(self._path)
        try:
            self._file.truncate(0)
            self._file.write(str(os.getpid()).encode())
            self._file.flush()
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        """Let others write the take."""
        if self._file.closed:
            return
        if sys.platform == "win32":
            self._file.close()  # an open file cannot be removed there
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:  # the file alone locks nothing
            _log.info("Lock file '%s' was left behind: %s", self._path, error)
        self._file.close()


def _open_locked(path: Path) -> BinaryIO:
    """Open the lock file and lock it; it may have been removed and made anew in between."""
    while True:
        file = path.open("a+b")
        try:
            _lock(file)
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        except OSError as error:
            if error.errno not in _HELD_BY_ANOTHER:
                _log.warning("Folder '%s' cannot be locked: %s", path.parent, error)
                return file  # a file system without locks: better unguarded than no capture
            file.close()
            raise TakeBusy(
                f"Take '{path.parent}' is being written by another capture (process "
                f"{_holder(path)}). Wait until it has ended, or choose another folder."
            ) from error
        file.close()


def _holder(path: Path) -> str:
    """Return the number of the process that holds the lock."""
    try:
        return path.read_text(encoding="ascii", errors="replace").strip() or "unknown"
    except OSError:
        return "unknown"


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        """Lock without waiting."""
        file.seek(_LOCKED_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        file.seek(0)

else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        """Lock without waiting."""
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
