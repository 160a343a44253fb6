"""A texture as a PNG file."""

from __future__ import annotations

from pathlib import Path

from ..arrays import ImageArray
from ..errors import ExportError


def png_of_texture(image: ImageArray) -> bytes:
    """Return a picture, (h, w, 3) RGB, as the content of a PNG file."""
    import cv2

    is_encoded, png = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    assert is_encoded
    return png.tobytes()


def write_texture(path: Path, png: bytes) -> Path:
    """Write the content of a PNG file, and return its path.

    Raises
    ------
    ExportError
        The file cannot be written.
    """
    try:
        path.write_bytes(png)
    except OSError as error:
        raise ExportError(
            f"The texture cannot be written to '{path.parent}': {error.strerror}. "
            "Make room there, or leave the texture out."
        ) from error
    return path
