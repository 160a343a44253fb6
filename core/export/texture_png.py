"""A texture as a PNG file."""

from __future__ import annotations

from pathlib import Path

from ..arrays import ImageArray
from ..errors import ExportError


def write_texture_png(path: Path, image: ImageArray) -> Path:
    """Write a picture, (h, w, 3) RGB, and return its path.

    Raises
    ------
    ExportError
        The file cannot be written.
    """
    import cv2

    is_encoded, png = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    assert is_encoded
    try:
        path.write_bytes(png.tobytes())
    except OSError as error:
        raise ExportError(
            f"The texture cannot be written to '{path.parent}': {error.strerror}. "
            "Make room there, or leave the texture out (--no-texture)."
        ) from error
    return path
