"""The user's own folder, where imported weights lie, and takes that were given no place."""

from __future__ import annotations

import os
import sys
from pathlib import Path

USER_FOLDER_VARIABLE = "MIEN_USER_DIR"


def user_folder() -> Path:
    """Return the user's folder, which need not exist.

    The environment variable `MIEN_USER_DIR` names it; else it is `mien` in the place that the
    operating system keeps for data of applications.
    """
    chosen = os.environ.get(USER_FOLDER_VARIABLE)
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "mien"
