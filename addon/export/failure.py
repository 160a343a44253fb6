"""How exports say that they failed."""

from __future__ import annotations

from pathlib import Path

from ...core.errors import ExportError

WEIGHT_TOLERANCE = 1e-4
"""How far a blendshape's weight may be off in a file; weights go from 0 to 1."""
POSITION_TOLERANCE_M = 1e-4
"""How far a vertex may be off in the world."""
SHAPE_TOLERANCE_M = 1e-5
"""How far a vertex of a neutral shape or of a blendshape may be off."""


def failed(path: Path, finding: str) -> ExportError:
    """Return the error of a file that was written but does not hold what it should."""
    return ExportError(
        f"'{path.name}' was not written right: {finding}. Nothing was kept. Make sure that the "
        "disk has room; else try another format, and report this with Blender's version."
    )
