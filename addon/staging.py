"""A place beside an output where it grows until it is whole."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..core.errors import ExportError


@contextmanager
def staging_folder(output: Path) -> Iterator[Path]:
    """Make a hidden folder beside an output, and remove it with all that is left in it.

    Raises
    ------
    ExportError
        The output's folder is missing or cannot be written to.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.parent))
    except OSError as error:
        raise ExportError(
            f"'{output.name}' cannot be written to '{output.parent}': {error.strerror}. Choose a "
            "folder that exists and can be written to."
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
