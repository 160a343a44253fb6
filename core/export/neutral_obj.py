"""The neutral mesh as Wavefront OBJ, in the vertex order of a point cache beside it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import numpy as np

from ..arrays import AnyArray, FloatArray, check_indices, check_shape
from .atomic_file import new_file

_HEAD = """\
# Mien: neutral face; metres, scene space: x to the subject's left, y back, z up
# Vertex k is point k of the point cache
o {name}
"""
_MARK = b"# Mien: neutral face"


def write_neutral_obj(
    path: str | Path, positions: FloatArray, *, faces: AnyArray, uv: FloatArray
) -> None:
    """Write a mesh for programs that play a point cache on one.

    Parameters
    ----------
    path : the file; its stem names the object
    positions : shape (n, 3), metres, scene space
    faces : shape (n_faces, size), integers, counter-clockwise seen from outside
    uv : shape (n, 2), 0 to 1, origin at the bottom left

    Raises
    ------
    ShapeError, RangeError
        Arrays do not fit each other.
    ExportError
        The file cannot be written.
    """
    check_shape("positions", positions, ("n", 3))
    check_shape("faces", faces, ("n_faces", "size"))
    check_shape("uv", uv, (len(positions), 2))
    check_indices("faces", faces, len(positions))
    text = StringIO()
    # A name with a space would end at it.
    text.write(_HEAD.format(name="_".join(Path(path).stem.split())))
    np.savetxt(text, positions, fmt="v %.9g %.9g %.9g")
    np.savetxt(text, uv, fmt="vt %.9g %.9g")
    text.write("s 1\n")
    numbers = np.repeat(faces + 1, 2, axis=1)  # each corner: vertex/texture, counted from 1
    np.savetxt(text, numbers, fmt="f" + " %d/%d" * faces.shape[1])
    with new_file(path) as file:
        file.write(text.getvalue().encode())


def is_neutral_obj(path: str | Path) -> bool:
    """Say whether a file is one that `write_neutral_obj` made, and may make again."""
    try:
        with Path(path).open("rb") as file:
            return file.read(len(_MARK)) == _MARK
    except OSError:
        return False
